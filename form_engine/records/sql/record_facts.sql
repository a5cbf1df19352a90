-- Records as the formulas need them: their document, and the totals of their rollups.
-- Contributions of the children in `without` are left out: a rule about a record that is being written
-- sees the world without it (docs/decisions/015).
CREATE OR REPLACE FUNCTION record_facts(ids bigint[], without bigint[] DEFAULT '{}') RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', r.id, 'form', r.form, 'form_version', r.form_version, 'version', r.version, 'touched', r.touched,
    'number', r.number, 'title', r.title, 'draft', r.draft, 'deleted', r.deleted_at IS NOT NULL, 'run_id', r.run_id,
    'created_by', r.created_by, 'updated_by', r.updated_by,
    'created_at', to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'updated_at', to_char(r.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'data', r.data,
    'totals', coalesce((
      SELECT jsonb_object_agg(t.rollup, t.figures)
      FROM (
        SELECT p.rollup, jsonb_build_array(sum(p.amount)::text, count(*), min(p.amount)::text, max(p.amount)::text) AS figures
        FROM rollup_part p
        WHERE p.workspace_id = r.workspace_id AND p.parent_id = r.id AND p.child_id <> ALL (without)
        GROUP BY p.rollup
      ) t), '{}'::jsonb))
  FROM record r
  WHERE r.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint AND r.id = ANY (ids)
$$;
