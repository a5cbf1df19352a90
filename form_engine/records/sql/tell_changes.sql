-- Those who listen to a form (`definition.hears` of a live flow) are told of what changes in its records once that is
-- in (docs/decisions/070 and 096): of one write `{"record": 7, "version": 3}`, of many at once one outbox row for each
-- 250 of them, `{"form": "order", "changes": [[7, 3], …]}`. `"quiet"` is what an import brings in or takes back, what a
-- publish converts, and samples: it starts no flow that does not say so. Drafts are nobody's business.
CREATE OR REPLACE FUNCTION tell_changes(ws bigint, batch jsonb, answers jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  quiet boolean := coalesce(batch ->> 'via' ~ '^((undo:)?import|publish|sample):', false);
BEGIN
  INSERT INTO outbox (workspace_id, key, kind, lane, payload)
  SELECT ws, CASE many WHEN 1 THEN t.first ELSE t.first || ':' || t.many END, 'records.changed',
         CASE WHEN quiet OR many > 20 THEN 3 ELSE 1 END,
         CASE WHEN many = 1 AND NOT quiet THEN jsonb_build_object('record', changes #> '{0,0}', 'version', changes #> '{0,1}')
              ELSE jsonb_build_object('form', t.form, 'changes', t.changes, 'quiet', quiet) END
  FROM (
    SELECT w.form, count(*) AS many, jsonb_agg(jsonb_build_array(w.record, w.version) ORDER BY w.record) AS changes,
           'changed:' || (array_agg(w.record || ':' || w.version ORDER BY w.record))[1] AS first
    FROM (
      SELECT w.item ->> 'form' AS form, (a.done ->> 'id')::bigint AS record, (a.done ->> 'version')::bigint AS version,
             (row_number() OVER (PARTITION BY w.item ->> 'form' ORDER BY (a.done ->> 'id')::bigint) - 1) / 250 AS part
      FROM jsonb_array_elements(batch -> 'writes') WITH ORDINALITY w(item, place)
      JOIN jsonb_array_elements(answers) WITH ORDINALITY a(done, place) USING (place)
      WHERE NOT (w.item ->> 'draft')::boolean AND EXISTS (
        SELECT FROM definition d WHERE d.workspace_id = ws AND d.kind = 'flow' AND w.item ->> 'form' = ANY (d.hears))
    ) w
    GROUP BY w.form, w.part
  ) t
  ON CONFLICT (workspace_id, key) DO NOTHING;
END
$$;
