-- Everything a decision needs: one statement, one row, no function around it. Locks nothing: `flow_apply_step` expects the
-- versions read here. Prepared once a connection (loaded.py, which names the columns in this order); not created at upgrade.
--
--   $1 workspace, $2 the actor's ref, $3 task, $4 the key of the request, or NULL
--
-- The outer join is what the order hangs on: the workspace is chosen before row-level security asks for it. OFFSET 0 keeps the planner
-- from turning the order round: prepared while the tables are empty, it would read all tasks and runs of the workspace ever after.
SELECT x.*
FROM (SELECT set_config('app.workspace', $1::bigint::text, true) OFFSET 0) chosen
LEFT JOIN (
  SELECT
    t.id, t.visit, t.step, t.kind, t.status, t.person_id, t.guest_link_id,
    r.id AS run, r.flow, r.flow_version, r.form, r.form_version, r.record_id, r.version, r.state,
    c.form AS record_form, c.form_version AS record_form_version, c.version AS record_version, c.touched, c.data,
    CASE WHEN c.touched > 0 THEN (  -- nothing has been counted for a record that was never touched
      SELECT jsonb_object_agg(p.rollup, p.figures)
      FROM (
        SELECT p.rollup, jsonb_build_array(sum(p.amount)::text, count(*), min(p.amount)::text, max(p.amount)::text) AS figures
        FROM rollup_part p
        WHERE p.workspace_id = $1::bigint AND p.parent_id = c.id
        GROUP BY p.rollup
      ) p) END AS totals,
    c.number, c.title, c.draft, c.deleted_at IS NOT NULL AS deleted, c.run_id, c.created_at, c.created_by,
    c.updated_at, c.updated_by,
    (
      SELECT json_agg(json_build_array(role.key, p.id, EXISTS (
        SELECT FROM absence a
        WHERE a.workspace_id = $1::bigint AND a.person_id = p.id AND a.ended_at IS NULL
          AND a.starts_at <= now() + make_interval(secs => w.clock_offset)
          AND a.ends_at > now() + make_interval(secs => w.clock_offset))))
      FROM role
      JOIN person_role pr ON pr.workspace_id = $1::bigint AND pr.role_id = role.id
      JOIN person p ON p.workspace_id = $1::bigint AND p.id = pr.person_id AND p.disabled_at IS NULL
      WHERE role.workspace_id = $1::bigint AND (r.state -> 'roles') ? role.key) AS holders,
    (
      SELECT coalesce(sum(d.live_version), 0) FROM definition d WHERE d.workspace_id = $1::bigint AND d.kind = 'form') AS world,
    now() + make_interval(secs => w.clock_offset) AS now, w.time_zone,
    k.fingerprint, k.body
  FROM (SELECT * FROM task WHERE workspace_id = $1::bigint AND id = $3::bigint OFFSET 0) t
  CROSS JOIN LATERAL (SELECT * FROM run WHERE workspace_id = $1::bigint AND id = t.run_id OFFSET 0) r
  LEFT JOIN LATERAL (SELECT * FROM record WHERE workspace_id = $1::bigint AND id = r.record_id OFFSET 0) c ON true  -- it may be gone
  JOIN workspace w ON w.id = $1::bigint
  LEFT JOIN idempotency_key k ON k.workspace_id = $1::bigint AND k.actor = $2::text AND k.key = $4::text
) x ON true
