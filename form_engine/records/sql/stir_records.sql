-- What hangs on written records is to be worked out anew (docs/decisions/059): one mark a cause, however many hang on it.
--   "stirs":    [{"at": index of the write, "causes": ["item.price"]}]
--   "stirs_up": ["order.total"]     -- causes that hold for every record whose contributions moved
CREATE OR REPLACE FUNCTION stir_records(ws bigint, batch jsonb, answers jsonb, moved bigint[]) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO recalculation (workspace_id, record_id, cause)
  SELECT ws, (answers #>> ARRAY[s ->> 'at', 'id'])::bigint, c
  FROM jsonb_array_elements(batch -> 'stirs') s, jsonb_array_elements_text(s -> 'causes') c
  UNION ALL
  SELECT ws, m, c
  FROM (SELECT DISTINCT unnest(moved)) parent (m), jsonb_array_elements_text(batch -> 'stirs_up') c
$$;
