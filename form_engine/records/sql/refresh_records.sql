-- What stands beside records, made what it should be (docs/decisions/059). The caller holds them and read them since:
--   rows: [{"id", "form", "created_at", "slots": {slot: value} | null, "title", "search",
--            "parts": [{"rollup", "row_id", "parent_id", "amount"}]}]
-- Only differences are written. Parents whose contributions moved are touched, and marked where `causes` names the rollup.
CREATE OR REPLACE FUNCTION refresh_records(rows jsonb, causes text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  ws bigint := nullif(current_setting('app.workspace', true), '')::bigint;
BEGIN
  WITH new AS MATERIALIZED (
    SELECT (r ->> 'id')::bigint AS child_id, p ->> 'rollup' AS rollup, p ->> 'row_id' AS row_id,
           (p ->> 'parent_id')::bigint AS parent_id, (p ->> 'amount')::numeric AS amount
    FROM jsonb_array_elements(rows) r, jsonb_array_elements(r -> 'parts') p
  ), old AS MATERIALIZED (
    SELECT p.child_id, p.rollup, p.row_id, p.parent_id, p.amount FROM rollup_part p
    WHERE p.workspace_id = ws AND p.child_id = ANY (ARRAY(SELECT (r ->> 'id')::bigint FROM jsonb_array_elements(rows) r))
  ), gone AS MATERIALIZED (SELECT * FROM old EXCEPT SELECT * FROM new
  ), come AS MATERIALIZED (SELECT * FROM new EXCEPT SELECT * FROM old
  ), removed AS (
    DELETE FROM rollup_part p USING gone g
    WHERE p.workspace_id = ws AND p.child_id = g.child_id AND p.rollup = g.rollup AND p.row_id = g.row_id
      AND NOT EXISTS (SELECT FROM come c WHERE (c.child_id, c.rollup, c.row_id) = (g.child_id, g.rollup, g.row_id))
  ), added AS (
    INSERT INTO rollup_part AS p (workspace_id, child_id, rollup, row_id, parent_id, amount)
    SELECT ws, c.child_id, c.rollup, c.row_id, c.parent_id, c.amount FROM come c
    ON CONFLICT (workspace_id, child_id, rollup, row_id) DO UPDATE SET parent_id = excluded.parent_id, amount = excluded.amount
  ), moved AS MATERIALIZED (
    SELECT g.parent_id, g.rollup FROM gone g UNION SELECT c.parent_id, c.rollup FROM come c
  ), touched AS (
    UPDATE record r SET touched = r.touched + 1 WHERE r.workspace_id = ws AND r.id IN (SELECT m.parent_id FROM moved m)
  )
  INSERT INTO recalculation (workspace_id, record_id, cause)
  SELECT ws, m.parent_id, m.rollup FROM moved m WHERE m.rollup = ANY (causes);

  UPDATE record r SET title = v ->> 'title', search = lower(v ->> 'search')
  FROM jsonb_array_elements(rows) v
  WHERE r.workspace_id = ws AND r.id = (v ->> 'id')::bigint
    AND (r.title, r.search) IS DISTINCT FROM (v ->> 'title', lower(v ->> 'search'));

  DELETE FROM record_index i USING jsonb_array_elements(rows) v
  WHERE i.workspace_id = ws AND i.record_id = (v ->> 'id')::bigint AND v -> 'slots' = 'null';
  UPDATE record_index i SET (
    text_1, text_2, text_3, text_4, text_5, text_6, text_7, text_8, text_9, text_10, text_11, text_12, decimal_1,
    decimal_2, decimal_3, decimal_4, decimal_5, decimal_6, decimal_7, decimal_8, decimal_9, decimal_10, date_1,
    date_2, date_3, date_4, date_5, date_6, timestamp_1, timestamp_2, timestamp_3, timestamp_4
  ) = ROW (
    s.text_1, s.text_2, s.text_3, s.text_4, s.text_5, s.text_6, s.text_7, s.text_8, s.text_9, s.text_10, s.text_11,
    s.text_12, s.decimal_1, s.decimal_2, s.decimal_3, s.decimal_4, s.decimal_5, s.decimal_6, s.decimal_7,
    s.decimal_8, s.decimal_9, s.decimal_10, s.date_1, s.date_2, s.date_3, s.date_4, s.date_5, s.date_6,
    s.timestamp_1, s.timestamp_2, s.timestamp_3, s.timestamp_4
  )
  FROM jsonb_array_elements(rows) v, jsonb_populate_record(NULL::record_index, v -> 'slots') s
  WHERE i.workspace_id = ws AND i.record_id = (v ->> 'id')::bigint AND v -> 'slots' <> 'null' AND (
    i.text_1, i.text_2, i.text_3, i.text_4, i.text_5, i.text_6, i.text_7, i.text_8, i.text_9, i.text_10, i.text_11,
    i.text_12, i.decimal_1, i.decimal_2, i.decimal_3, i.decimal_4, i.decimal_5, i.decimal_6, i.decimal_7,
    i.decimal_8, i.decimal_9, i.decimal_10, i.date_1, i.date_2, i.date_3, i.date_4, i.date_5, i.date_6,
    i.timestamp_1, i.timestamp_2, i.timestamp_3, i.timestamp_4
  ) IS DISTINCT FROM (
    s.text_1, s.text_2, s.text_3, s.text_4, s.text_5, s.text_6, s.text_7, s.text_8, s.text_9, s.text_10, s.text_11,
    s.text_12, s.decimal_1, s.decimal_2, s.decimal_3, s.decimal_4, s.decimal_5, s.decimal_6, s.decimal_7,
    s.decimal_8, s.decimal_9, s.decimal_10, s.date_1, s.date_2, s.date_3, s.date_4, s.date_5, s.date_6,
    s.timestamp_1, s.timestamp_2, s.timestamp_3, s.timestamp_4
  );
  INSERT INTO record_index (workspace_id, record_id, form, created_at,
    text_1, text_2, text_3, text_4, text_5, text_6, text_7, text_8, text_9, text_10, text_11, text_12, decimal_1,
    decimal_2, decimal_3, decimal_4, decimal_5, decimal_6, decimal_7, decimal_8, decimal_9, decimal_10, date_1,
    date_2, date_3, date_4, date_5, date_6, timestamp_1, timestamp_2, timestamp_3, timestamp_4)
  SELECT ws, (v ->> 'id')::bigint, v ->> 'form', (v ->> 'created_at')::timestamptz,
    s.text_1, s.text_2, s.text_3, s.text_4, s.text_5, s.text_6, s.text_7, s.text_8, s.text_9, s.text_10, s.text_11,
    s.text_12, s.decimal_1, s.decimal_2, s.decimal_3, s.decimal_4, s.decimal_5, s.decimal_6, s.decimal_7,
    s.decimal_8, s.decimal_9, s.decimal_10, s.date_1, s.date_2, s.date_3, s.date_4, s.date_5, s.date_6,
    s.timestamp_1, s.timestamp_2, s.timestamp_3, s.timestamp_4
  FROM jsonb_array_elements(rows) v, jsonb_populate_record(NULL::record_index, v -> 'slots') s
  WHERE v -> 'slots' <> 'null'
    AND NOT EXISTS (SELECT FROM record_index i WHERE i.workspace_id = ws AND i.record_id = (v ->> 'id')::bigint);
END
$$;
