-- Who closed a task ($2) of the workspace $1, as JSON {"by", "decision", "at"}; NULL where nobody decided. Prepared once a
-- connection, and asked only by whoever comes too late. The workspace is chosen first, as in flow_load_step.sql.
SELECT x.told
FROM (SELECT set_config('app.workspace', $1::bigint::text, true) OFFSET 0) chosen
LEFT JOIN (
  SELECT json_build_object('by', coalesce(p.name, g.name), 'decision', d.decision, 'at', d.ended_at) AS told
  FROM task t
  JOIN task d ON d.workspace_id = $1::bigint AND d.run_id = t.run_id AND d.visit = t.visit AND d.status = 'done'
  LEFT JOIN person p ON p.workspace_id = $1::bigint AND p.id = d.person_id
  LEFT JOIN guest_link g ON g.workspace_id = $1::bigint AND g.id = d.guest_link_id
  WHERE t.workspace_id = $1::bigint AND t.id = $2::bigint
  ORDER BY d.ended_at DESC, d.id
  LIMIT 1
) x ON true
