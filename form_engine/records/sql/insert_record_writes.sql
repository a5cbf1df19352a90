-- The new records of a batch, set by set: a handful of statements, however many records they are. Called by
-- apply_record_writes, whose head tells what `batch` and a write (an element of `items`) are.
--
-- Returns their ids in the order of `items`, their numbers (NULL: none), and the records whose contributions moved, each
-- perhaps several times. The running numbers of a series are taken as one block.
CREATE OR REPLACE FUNCTION insert_record_writes(
  ws bigint, batch jsonb, items jsonb[], OUT ids bigint[], OUT numbers text[], OUT moved bigint[])
LANGUAGE plpgsql AS $$
DECLARE
  happened timestamptz := (batch ->> 'at')::timestamptz;
  has      jsonb := batch -> 'has';
  firsts   jsonb;
  mark     record;
  wording  text;
  wanted   integer;
  done     integer;
  clash    jsonb;
  gone     bigint;
BEGIN
  numbers := array_fill(NULL::text, ARRAY[cardinality(items)]);
  moved := '{}';

  IF has ? 'numbers' THEN
    WITH asked AS (
      SELECT m ->> 'series' AS key, count(*) AS n
      FROM unnest(items) i, jsonb_array_elements(i -> 'numbers') m GROUP BY 1
    ), taken AS (
      INSERT INTO serial AS s (workspace_id, key, next)
      SELECT ws, a.key, a.n + 1 FROM asked a ORDER BY a.key
      ON CONFLICT (workspace_id, key) DO UPDATE SET next = s.next + excluded.next - 1
      RETURNING s.key, s.next
    )
    SELECT jsonb_object_agg(t.key, t.next - a.n) INTO firsts FROM taken t JOIN asked a ON a.key = t.key;
    FOR mark IN
      SELECT w.place, m.value AS told,
             (firsts ->> (m.value ->> 'series'))::bigint - 1
               + row_number() OVER (PARTITION BY m.value ->> 'series' ORDER BY w.place, m.nth) AS taken
      FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'numbers') WITH ORDINALITY m(value, nth)
    LOOP
      wording := number_text(mark.told, mark.taken);
      items[mark.place] := put_number(items[mark.place], mark.told ->> 'token', wording);
      IF (mark.told ->> 'own')::boolean THEN
        numbers[mark.place] := wording;
      END IF;
    END LOOP;
  END IF;

  WITH written AS (
    INSERT INTO record (workspace_id, form, form_version, number, title, data, search, draft, run_id,
                        created_at, created_by, updated_at, updated_by)
    SELECT ws, w.item ->> 'form', (w.item ->> 'form_version')::bigint, numbers[w.place], w.item ->> 'title', w.item -> 'data',
           lower(w.item ->> 'search'), (w.item ->> 'draft')::boolean, (w.item ->> 'run_id')::bigint,
           happened, (batch ->> 'person_id')::bigint, happened, batch ->> 'actor'
    FROM unnest(items) WITH ORDINALITY w(item, place) ORDER BY w.place  -- so that ids rise with the order of the writes
    RETURNING id
  )
  SELECT array_agg(w.id ORDER BY w.id) INTO ids FROM written w;

  INSERT INTO record_index (workspace_id, record_id, form, created_at, {slots})
  SELECT ws, ids[w.place], w.item ->> 'form', happened, {s.slots}
  FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_populate_record(NULL::record_index, w.item -> 'slots') s
  WHERE jsonb_typeof(w.item -> 'slots') = 'object';

  INSERT INTO record_history (workspace_id, record_id, version, at, actor, action, changes, via)
  SELECT ws, ids[w.place], 1, happened, batch ->> 'actor', w.item ->> 'action', w.item -> 'changes', batch ->> 'via'
  FROM unnest(items) WITH ORDINALITY w(item, place);

  IF has = '[]' THEN
    RETURN;
  END IF;

  IF has ? 'links' THEN
    INSERT INTO record_link (workspace_id, from_id, path, row_id, to_id, from_form)
    SELECT ws, ids[w.place], l ->> 'path', l ->> 'row_id', (l ->> 'to_id')::bigint, w.item ->> 'form'
    FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'links') l;
  END IF;

  IF has ? 'unique' THEN
    SELECT sum(jsonb_array_length(i -> 'unique')) INTO wanted FROM unnest(items) i WHERE i ? 'unique';
    INSERT INTO record_unique (workspace_id, form, rule, value, record_id)
    SELECT ws, w.item ->> 'form', u ->> 'rule', u ->> 'value', ids[w.place]
    FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'unique') u
    ORDER BY 2, 3, 4  -- two batches wait for each other's values in one order
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done < wanted THEN
      SELECT jsonb_build_object('form', o.form, 'rule', o.rule, 'record', o.record_id, 'at', w.place - 1) INTO clash
      FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'unique') u, record_unique o
      WHERE o.workspace_id = ws AND o.form = w.item ->> 'form' AND o.rule = u ->> 'rule' AND o.value = u ->> 'value'
        AND o.record_id <> ids[w.place]
      ORDER BY w.place LIMIT 1;
      RAISE EXCEPTION 'the value is taken' USING ERRCODE = 'FL003', DETAIL = clash::text;
    END IF;
  END IF;

  IF has ? 'spans' THEN
    PERFORM put_record_spans(ids[w.place], w.item ->> 'form', w.item -> 'spans')
    FROM unnest(items) WITH ORDINALITY w(item, place) WHERE w.item ? 'spans';
  END IF;

  IF has ? 'files' THEN
    INSERT INTO record_file (workspace_id, file_id, record_id, path)
    SELECT ws, (f ->> 'file_id')::uuid, ids[w.place], f ->> 'path'
    FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'files') f
    ON CONFLICT DO NOTHING;
  END IF;

  IF has ? 'targets' THEN
    gone := gone_target(ws, ARRAY(SELECT t::bigint FROM unnest(items) i, jsonb_array_elements_text(i -> 'targets') t));
    IF gone IS NOT NULL THEN
      RAISE EXCEPTION 'a linked record has gone' USING ERRCODE = 'FL006', DETAIL = jsonb_build_object('id', gone)::text;
    END IF;
  END IF;

  IF has ? 'parts' THEN
    WITH added AS (
      INSERT INTO rollup_part (workspace_id, child_id, rollup, row_id, parent_id, amount)
      SELECT ws, ids[w.place], p ->> 'rollup', p ->> 'row_id', (p ->> 'parent_id')::bigint, (p ->> 'amount')::numeric
      FROM unnest(items) WITH ORDINALITY w(item, place), jsonb_array_elements(w.item -> 'parts') p
      RETURNING parent_id
    )
    SELECT coalesce(array_agg(DISTINCT a.parent_id), '{}') INTO moved FROM added a;
  END IF;
END
$$;
