-- Those who listen to a form (`definition.hears` of a live flow) are told of what changes in its records once that is
-- in (docs/decisions/070): one outbox row a write, `{"record": 7, "version": 3}`. What an import brings in or takes back,
-- or a publish converts, is told batch by batch: `{"form": "order", "changes": [[7, 3], …]}`. Drafts are nobody's business.
-- Samples are there from the beginning: nobody is told of them.
CREATE OR REPLACE FUNCTION tell_changes(ws bigint, batch jsonb, answers jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  WITH told AS (
    SELECT w.item ->> 'form' AS form, (a.done ->> 'id')::bigint AS record, (a.done ->> 'version')::bigint AS version
    FROM jsonb_array_elements(batch -> 'writes') WITH ORDINALITY w(item, place)
    JOIN jsonb_array_elements(answers) WITH ORDINALITY a(done, place) USING (place)
    WHERE NOT (w.item ->> 'draft')::boolean AND (batch ->> 'via' ~ '^sample:') IS NOT TRUE AND EXISTS (
      SELECT FROM definition d WHERE d.workspace_id = ws AND d.kind = 'flow' AND w.item ->> 'form' = ANY (d.hears))
  ), rows AS (
    SELECT 'changed:' || t.record || ':' || t.version AS key, jsonb_build_object('record', t.record, 'version', t.version) AS payload
    FROM told t WHERE (batch ->> 'via' ~ '^(undo:)?(import|publish):') IS NOT TRUE
    UNION ALL
    SELECT 'changed:' || min(t.record) || ':' || count(*) || ':' || max(t.version),
           jsonb_build_object('form', t.form, 'changes', jsonb_agg(jsonb_build_array(t.record, t.version)))
    FROM told t WHERE batch ->> 'via' ~ '^(undo:)?(import|publish):' GROUP BY t.form
  )
  INSERT INTO outbox (workspace_id, key, kind, payload)
  SELECT ws, r.key, 'records.changed', r.payload FROM rows r
  ON CONFLICT (workspace_id, key) DO NOTHING;
END
$$;
