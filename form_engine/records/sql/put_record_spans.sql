-- The ranges of one record that may not overlap others' (docs/decisions/056); those that it had are forgotten.
--
--   [{"rule": "unit:start-end", "key": "[7]", "from": "20454" | null, "to": null, "included": true}]
--
-- Workspace, form, rule and key together are one digest: as text it finds the other record in the index (text compares
-- leakproof), as a one-point range it stands in the exclusion constraint. Raises FL005 with {"form", "rule", "record"}.
CREATE OR REPLACE FUNCTION put_record_spans(target bigint, of_form text, spans jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  ws     bigint := nullif(current_setting('app.workspace', true), '')::bigint;
  span   jsonb;
  digest text;
  point  numeric;
  lasts  numrange;
BEGIN
  DELETE FROM record_span s WHERE s.workspace_id = ws AND s.record_id = target;
  FOR span IN SELECT e FROM jsonb_array_elements(spans) e LOOP
    digest := substr(encode(sha256(convert_to(
      concat_ws(chr(31), ws, of_form, span ->> 'rule', span ->> 'key'), 'UTF8')), 'hex'), 1, 32);
    point := ('x' || substr(digest, 1, 16))::bit(64)::bigint::numeric * 18446744073709551616
             + ('x' || substr(digest, 17, 16))::bit(64)::bigint;
    lasts := numrange((span ->> 'from')::numeric, (span ->> 'to')::numeric,
                      CASE WHEN (span ->> 'included')::boolean THEN '[]' ELSE '[)' END);
    INSERT INTO record_span (workspace_id, record_id, rule, form, key, scope, during)
    VALUES (ws, target, span ->> 'rule', of_form, digest, numrange(point, point, '[]'), lasts)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the range overlaps' USING ERRCODE = 'FL005', DETAIL = jsonb_build_object(
        'form', of_form, 'rule', span ->> 'rule', 'record', (
          SELECT s.record_id FROM record_span s
          WHERE s.workspace_id = ws AND s.key = digest AND s.during && lasts
          ORDER BY s.record_id LIMIT 1))::text;
    END IF;
  END LOOP;
END
$$;
