-- Everything a decision needs, in one round trip, and for an open task in one statement. Locks nothing: `flow_apply_step` expects the versions read here.
--
-- Returns {"answered": {"fingerprint", "body"} when this actor's request has its answer already | null,
--   "task", "run", "record" (as record_facts gives it), "holders": [[role, person id]] of the roles the flow names | null,
--   "world": the mark of the live forms (`Forms.mark`), "decided": who closed the task, if it is closed, "now", "zone"}; or null when there is no such task.
CREATE OR REPLACE FUNCTION flow_load_step(ws bigint, who text, task_id bigint, request text) RETURNS json
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  chosen text := set_config('app.workspace', ws::text, true);
  loaded json;
  decided json;
BEGIN
  SELECT json_build_object(
    'answered', (
      SELECT json_build_object('fingerprint', encode(k.fingerprint, 'hex'), 'body', k.body)
      FROM idempotency_key k
      WHERE k.workspace_id = ws AND k.actor = who AND k.key = request),
    'task', json_build_object(
      'id', t.id, 'visit', t.visit, 'step', t.step, 'kind', t.kind, 'status', t.status,
      'person', t.person_id, 'guest', t.guest_link_id),
    'run', json_build_object(
      'id', r.id, 'flow', r.flow, 'flow_version', r.flow_version, 'form', r.form, 'form_version', r.form_version,
      'record', r.record_id, 'version', r.version, 'state', r.state),
    'record', (SELECT f FROM record_facts(ARRAY[r.record_id]) f),
    'holders', (
      SELECT json_agg(json_build_array(role.key, p.id))
      FROM role
      JOIN person_role pr ON pr.workspace_id = ws AND pr.role_id = role.id
      JOIN person p ON p.workspace_id = ws AND p.id = pr.person_id AND p.disabled_at IS NULL
      WHERE role.workspace_id = ws AND (r.state -> 'roles') ? role.key),
    'world', (
      SELECT coalesce(sum(d.live_version), 0) FROM definition d WHERE d.workspace_id = ws AND d.kind = 'form'),
    'now', now() + make_interval(secs => w.clock_offset),
    'zone', w.time_zone)
  INTO loaded
  FROM task t
  JOIN run r ON r.workspace_id = ws AND r.id = t.run_id
  JOIN workspace w ON w.id = ws
  WHERE t.workspace_id = ws AND t.id = task_id;
  IF loaded #>> '{task,status}' = 'open' THEN
    RETURN loaded;
  END IF;

  SELECT json_build_object('by', coalesce(p.name, g.name), 'decision', d.decision, 'at', d.ended_at)
  INTO decided
  FROM task t
  JOIN task d ON d.workspace_id = ws AND d.run_id = t.run_id AND d.visit = t.visit AND d.status = 'done'
  LEFT JOIN person p ON p.workspace_id = ws AND p.id = d.person_id
  LEFT JOIN guest_link g ON g.workspace_id = ws AND g.id = d.guest_link_id
  WHERE t.workspace_id = ws AND t.id = task_id
  ORDER BY d.ended_at DESC, d.id
  LIMIT 1;
  RETURN loaded::jsonb || jsonb_build_object('decided', decided);
END
$$;
