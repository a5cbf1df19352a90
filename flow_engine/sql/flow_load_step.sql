-- Everything a decision needs, in one round trip. Locks nothing: `flow_apply_step` expects the versions that were read here.
--
-- Returns {"answered": {"fingerprint", "status", "body"}} when this actor's request has its answer already; else
--   {"task", "run", "record" (as record_facts gives it), "roles": {role: [person ids]} for the roles the flow names,
--    "forms": {form: live version}, "decided": who closed the task | null, "now", "zone", "offset"}; or null when there is no such task.
CREATE OR REPLACE FUNCTION flow_load_step(ws bigint, task_id bigint, who text, request text) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  loaded   jsonb;
  answered jsonb;
BEGIN
  PERFORM set_config('app.workspace', ws::text, true);

  SELECT jsonb_build_object(
    'task', jsonb_build_object(
      'id', t.id, 'visit', t.visit, 'step', t.step, 'kind', t.kind, 'status', t.status,
      'person', t.person_id, 'guest', t.guest_link_id),
    'run', jsonb_build_object(
      'id', r.id, 'flow', r.flow, 'flow_version', r.flow_version, 'form', r.form, 'form_version', r.form_version,
      'record', r.record_id, 'version', r.version, 'state', r.state),
    'record', (SELECT f FROM record_facts(ARRAY[r.record_id]) f),
    'roles', (
      SELECT coalesce(jsonb_object_agg(role.key, held.people), '{}')
      FROM role
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(p.id ORDER BY p.id), '[]') AS people
        FROM person_role pr
        JOIN person p ON p.workspace_id = ws AND p.id = pr.person_id AND p.disabled_at IS NULL
        WHERE pr.workspace_id = ws AND pr.role_id = role.id
      ) held
      WHERE role.workspace_id = ws AND role.key IN (SELECT jsonb_array_elements_text(r.state -> 'roles'))),
    'forms', (
      SELECT coalesce(jsonb_object_agg(d.key, d.live_version), '{}')
      FROM definition d
      WHERE d.workspace_id = ws AND d.kind = 'form' AND d.live_version IS NOT NULL),
    'decided', CASE WHEN t.status <> 'open' THEN (
      SELECT jsonb_build_object('by', coalesce(p.name, g.name), 'decision', d.decision, 'at', d.ended_at)
      FROM task d
      LEFT JOIN person p ON p.workspace_id = ws AND p.id = d.person_id
      LEFT JOIN guest_link g ON g.workspace_id = ws AND g.id = d.guest_link_id
      WHERE d.workspace_id = ws AND d.run_id = t.run_id AND d.visit = t.visit AND d.status = 'done'
      ORDER BY d.ended_at DESC, d.id LIMIT 1) END,
    'now', now() + make_interval(secs => w.clock_offset),
    'zone', w.time_zone,
    'offset', w.clock_offset)
  INTO loaded
  FROM task t
  JOIN run r ON r.workspace_id = ws AND r.id = t.run_id
  JOIN workspace w ON w.id = ws
  WHERE t.workspace_id = ws AND t.id = task_id;
  -- Looked up last: whoever sees the task closed by this very request sees the answer as well.
  IF request IS NOT NULL THEN
    SELECT jsonb_build_object('answered', jsonb_build_object(
             'fingerprint', encode(k.fingerprint, 'hex'), 'status', k.status, 'body', k.body))
    INTO answered
    FROM idempotency_key k
    WHERE k.workspace_id = ws AND k.actor = who AND k.key = request;
    IF FOUND THEN
      RETURN answered;
    END IF;
  END IF;
  RETURN loaded;
END
$$;
