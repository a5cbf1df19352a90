-- The one door through which records change (docs/decisions/017). A batch is applied whole or not at all:
--
--   {"actor": "person:12", "person_id": 12, "at": "2026-01-05T08:00:00Z", "via": "run:7",
--    "world": 12,                    -- optional: `Forms.mark` of the forms that the plan was made by
--    "seen": {"17": 4},              -- totals of these records were read by rules while `touched` was 4
--    "writes": [{"op": "insert"} | {"op": "update", "id": 5, "expected": 2}, each with
--       "form", "form_version", "action", "data", "title", "search", "draft", "deleted",
--       "numbers": [{"series", "prefix", "suffix", "width", "token", "own"}]  -- taken here; each replaces its token in the write
--       "run_id":  7 | null                                           -- only when it changes
--       "slots":   {slot: value} | null                               -- null: counts nowhere (a draft, in the bin)
--       "links":   [{"path", "row_id", "to_id"}]
--       "unique":  [{"rule", "value"}]
--       "spans":   [{"rule", "key", "from", "to", "included"}]  -- ranges that may not overlap (put_record_spans.sql)
--       "files":   [{"file_id", "path"}]                -- that stand in the document now and did not before
--       "targets": [7]                                  -- records that are newly linked to: they must (still) be there
--       "parts":   [{"rollup", "row_id", "parent_id", "amount"}]
--       "changes": {field: [old, new]}}]}
--
-- What a write does not mention (slots, links, unique, parts) is left as it is.
-- Returns [{"id", "version", "number"}] in the order of the writes. Raises
--   FL001 the record has moved on: detail {"id", "version"}
--   FL002 a total that a rule had read has moved: detail {"id"}
--   FL003 the value is taken: detail {"form", "rule", "record"}
--   FL004 a form was published since the write was planned
--   FL005 the range overlaps another's: detail {"form", "rule", "record"}
--   FL006 a record that is newly linked to has gone: detail {"id"}
CREATE OR REPLACE FUNCTION apply_record_writes(batch jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan  -- otherwise statements over jsonb are planned anew at every call
AS $$
DECLARE
  ws        bigint := nullif(current_setting('app.workspace', true), '')::bigint;
  happened  timestamptz := (batch ->> 'at')::timestamptz;
  item      jsonb;
  mark      jsonb;
  entry     jsonb;
  target    bigint;
  reached   integer;
  taken     bigint;
  wording   text;
  own_number text;
  locked    text;
  moved     bigint[] := '{}';
  answers   jsonb := '[]';
BEGIN
  IF ws IS NULL THEN
    RAISE EXCEPTION 'no workspace is set';
  END IF;

  -- Who publishes a form holds this lock alone and brings older records up to date; a write that was planned by the forms
  -- of before would slip past that.
  IF batch ->> 'world' IS NOT NULL THEN
    locked := pg_advisory_xact_lock_shared(7031, (ws % 2147483647)::integer)::text;  -- PERFORM would start a statement for it
    IF (SELECT coalesce(sum(d.live_version), 0) FROM definition d WHERE d.workspace_id = ws AND d.kind = 'form')
       <> (batch ->> 'world')::bigint THEN
      RAISE EXCEPTION 'the forms have changed' USING ERRCODE = 'FL004', DETAIL = '{}';
    END IF;
  END IF;

  -- Everything that may be touched is locked first, in the order of ids: two batches can wait for each other, never in a
  -- ring. A single write that moves no total and was judged by none locks its row by updating it.
  IF jsonb_array_length(batch -> 'writes') > 1 OR batch #> '{writes,0}' ? 'parts' OR batch -> 'seen' <> '{}' THEN
    PERFORM 1 FROM record r
    WHERE r.workspace_id = ws AND r.id IN (
      SELECT (w ->> 'id')::bigint FROM jsonb_array_elements(batch -> 'writes') w WHERE w ? 'id'
      UNION SELECT k::bigint FROM jsonb_object_keys(coalesce(batch -> 'seen', '{}')) k
      UNION SELECT (p ->> 'parent_id')::bigint
        FROM jsonb_array_elements(batch -> 'writes') w, jsonb_array_elements(coalesce(w -> 'parts', '[]')) p
      UNION SELECT old.parent_id
        FROM jsonb_array_elements(batch -> 'writes') w
        JOIN rollup_part old ON old.workspace_id = ws AND old.child_id = (w ->> 'id')::bigint
        WHERE w ? 'parts')
    ORDER BY r.id
    FOR NO KEY UPDATE;

    SELECT r.id INTO target
    FROM jsonb_each_text(coalesce(batch -> 'seen', '{}')) s
    JOIN record r ON r.workspace_id = ws AND r.id = s.key::bigint
    WHERE r.touched <> s.value::bigint
    LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'a total has moved' USING ERRCODE = 'FL002', DETAIL = jsonb_build_object('id', target)::text;
    END IF;
  END IF;

  FOR at IN 0 .. jsonb_array_length(batch -> 'writes') - 1 LOOP
    item := batch #> ARRAY['writes', at::text];
    -- The number comes last of all that is waited for, so that nobody waits for us while we wait for somebody else.
    own_number := NULL;
    FOR taking IN 0 .. coalesce(jsonb_array_length(item -> 'numbers'), 0) - 1 LOOP
      mark := item #> ARRAY['numbers', taking::text];
      INSERT INTO serial AS s (workspace_id, key, next) VALUES (ws, mark ->> 'series', 2)
      ON CONFLICT (workspace_id, key) DO UPDATE SET next = s.next + 1
      RETURNING s.next - 1 INTO taken;
      wording := concat(mark ->> 'prefix',
                        lpad(taken::text, greatest((mark ->> 'width')::integer, length(taken::text)), '0'),
                        mark ->> 'suffix');
      -- As JSON text without its quotes, because it goes into JSON text.
      item := replace(item::text, mark ->> 'token', substr(to_jsonb(wording)::text, 2, length(to_jsonb(wording)::text) - 2))::jsonb;
      IF (mark ->> 'own')::boolean THEN
        own_number := wording;
      END IF;
    END LOOP;

    IF item ->> 'op' = 'insert' THEN
      INSERT INTO record (workspace_id, form, form_version, number, title, data, search, draft, run_id,
                          created_at, created_by, updated_at, updated_by)
      VALUES (ws, item ->> 'form', (item ->> 'form_version')::bigint, own_number, item ->> 'title', item -> 'data', lower(item ->> 'search'),
              (item ->> 'draft')::boolean, (item ->> 'run_id')::bigint,
              happened, (batch ->> 'person_id')::bigint, happened, batch ->> 'actor')
      RETURNING id, version INTO target, reached;
    ELSE
      target := (item ->> 'id')::bigint;
      UPDATE record r SET
        form_version = (item ->> 'form_version')::bigint,
        number = coalesce(own_number, r.number),
        title = item ->> 'title',
        data = item -> 'data',
        search = lower(item ->> 'search'),
        draft = (item ->> 'draft')::boolean,
        run_id = CASE WHEN item ? 'run_id' THEN (item ->> 'run_id')::bigint ELSE r.run_id END,
        deleted_at = CASE WHEN (item ->> 'deleted')::boolean THEN coalesce(r.deleted_at, happened) END,
        version = r.version + 1,
        updated_at = happened,
        updated_by = batch ->> 'actor'
      WHERE r.workspace_id = ws AND r.id = target AND r.version = (item ->> 'expected')::bigint
      RETURNING r.version INTO reached;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the record has moved on' USING ERRCODE = 'FL001', DETAIL = jsonb_build_object(
          'id', target, 'version', (SELECT r.version FROM record r WHERE r.workspace_id = ws AND r.id = target))::text;
      END IF;
    END IF;

    IF jsonb_typeof(item -> 'slots') = 'object' THEN
      -- Every slot is named (tests hold the list): `(jsonb_populate_record(…)).*` would read the document once a column.
      UPDATE record_index i SET (
        text_1, text_2, text_3, text_4, text_5, text_6, text_7, text_8, text_9, text_10, text_11, text_12,
        decimal_1, decimal_2, decimal_3, decimal_4, decimal_5, decimal_6, decimal_7, decimal_8, decimal_9,
        decimal_10, date_1, date_2, date_3, date_4, date_5, date_6, timestamp_1, timestamp_2, timestamp_3,
        timestamp_4
      ) = ROW (
        s.text_1, s.text_2, s.text_3, s.text_4, s.text_5, s.text_6, s.text_7, s.text_8, s.text_9, s.text_10,
        s.text_11, s.text_12, s.decimal_1, s.decimal_2, s.decimal_3, s.decimal_4, s.decimal_5, s.decimal_6,
        s.decimal_7, s.decimal_8, s.decimal_9, s.decimal_10, s.date_1, s.date_2, s.date_3, s.date_4, s.date_5,
        s.date_6, s.timestamp_1, s.timestamp_2, s.timestamp_3, s.timestamp_4
      )
      FROM jsonb_populate_record(NULL::record_index, item -> 'slots') s
      WHERE i.workspace_id = ws AND i.record_id = target;
      IF NOT FOUND THEN
        INSERT INTO record_index (workspace_id, record_id, form, created_at,
          text_1, text_2, text_3, text_4, text_5, text_6, text_7, text_8, text_9, text_10, text_11, text_12,
          decimal_1, decimal_2, decimal_3, decimal_4, decimal_5, decimal_6, decimal_7, decimal_8, decimal_9,
          decimal_10, date_1, date_2, date_3, date_4, date_5, date_6, timestamp_1, timestamp_2, timestamp_3,
          timestamp_4)
        SELECT ws, target, r.form, r.created_at,
          s.text_1, s.text_2, s.text_3, s.text_4, s.text_5, s.text_6, s.text_7, s.text_8, s.text_9, s.text_10,
          s.text_11, s.text_12, s.decimal_1, s.decimal_2, s.decimal_3, s.decimal_4, s.decimal_5, s.decimal_6,
          s.decimal_7, s.decimal_8, s.decimal_9, s.decimal_10, s.date_1, s.date_2, s.date_3, s.date_4,
          s.date_5, s.date_6, s.timestamp_1, s.timestamp_2, s.timestamp_3, s.timestamp_4
        FROM record r, jsonb_populate_record(NULL::record_index, item -> 'slots') s
        WHERE r.workspace_id = ws AND r.id = target;
      END IF;
    ELSIF item ? 'slots' THEN
      DELETE FROM record_index i WHERE i.workspace_id = ws AND i.record_id = target;
    END IF;

    IF item ? 'links' THEN
      IF item ->> 'op' = 'update' THEN
        DELETE FROM record_link l WHERE l.workspace_id = ws AND l.from_id = target;
      END IF;
      INSERT INTO record_link (workspace_id, from_id, path, row_id, to_id, from_form)
      SELECT ws, target, l ->> 'path', l ->> 'row_id', (l ->> 'to_id')::bigint, item ->> 'form'
      FROM jsonb_array_elements(item -> 'links') l;
    END IF;

    IF item ? 'unique' THEN
      IF item ->> 'op' = 'update' THEN
        DELETE FROM record_unique u WHERE u.workspace_id = ws AND u.record_id = target;
      END IF;
      FOR entry IN SELECT u FROM jsonb_array_elements(item -> 'unique') u LOOP
        INSERT INTO record_unique (workspace_id, form, rule, value, record_id)
        VALUES (ws, item ->> 'form', entry ->> 'rule', entry ->> 'value', target)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
          RAISE EXCEPTION 'the value is taken' USING ERRCODE = 'FL003', DETAIL = jsonb_build_object(
            'form', item ->> 'form', 'rule', entry ->> 'rule', 'record', (
              SELECT u.record_id FROM record_unique u
              WHERE u.workspace_id = ws AND u.form = item ->> 'form' AND u.rule = entry ->> 'rule'
                AND u.value = entry ->> 'value'))::text;
        END IF;
      END LOOP;
    END IF;

    IF item ? 'spans' THEN
      PERFORM put_record_spans(target, item ->> 'form', item -> 'spans');
    END IF;

    IF item ? 'files' THEN
      INSERT INTO record_file (workspace_id, file_id, record_id, path)
      SELECT ws, (f ->> 'file_id')::uuid, target, f ->> 'path' FROM jsonb_array_elements(item -> 'files') f
      ON CONFLICT DO NOTHING;
    END IF;

    IF item ? 'targets' THEN
      -- Who removes a record holds it FOR UPDATE and then looks who links to it: one of the two sees the other.
      PERFORM 1 FROM record r
      WHERE r.workspace_id = ws AND r.id IN (SELECT t::bigint FROM jsonb_array_elements_text(item -> 'targets') t)
      ORDER BY r.id FOR KEY SHARE;
      SELECT r.id INTO taken FROM record r
      WHERE r.workspace_id = ws AND r.id IN (SELECT t::bigint FROM jsonb_array_elements_text(item -> 'targets') t)
        AND r.deleted_at IS NOT NULL
      LIMIT 1;
      IF FOUND THEN
        RAISE EXCEPTION 'a linked record has gone' USING ERRCODE = 'FL006', DETAIL = jsonb_build_object('id', taken)::text;
      END IF;
    END IF;

    IF item ? 'parts' THEN
      WITH gone AS (
        DELETE FROM rollup_part p WHERE p.workspace_id = ws AND p.child_id = target RETURNING p.parent_id
      )
      SELECT moved || coalesce(array_agg(g.parent_id), '{}') INTO moved FROM gone g;
      WITH added AS (
        INSERT INTO rollup_part (workspace_id, child_id, rollup, row_id, parent_id, amount)
        SELECT ws, target, p ->> 'rollup', p ->> 'row_id', (p ->> 'parent_id')::bigint, (p ->> 'amount')::numeric
        FROM jsonb_array_elements(item -> 'parts') p
        RETURNING parent_id
      )
      SELECT moved || coalesce(array_agg(a.parent_id), '{}') INTO moved FROM added a;
    END IF;

    INSERT INTO record_history (workspace_id, record_id, version, at, actor, action, changes, via)
    VALUES (ws, target, reached, happened, batch ->> 'actor', item ->> 'action', coalesce(item -> 'changes', '{}'), batch ->> 'via');

    answers := answers || jsonb_build_object('id', target, 'version', reached, 'number', own_number);
  END LOOP;

  IF moved <> '{}' THEN
    UPDATE record r SET touched = r.touched + 1 WHERE r.workspace_id = ws AND r.id = ANY (moved);
  END IF;
  IF batch ? 'stirs' THEN  -- what hangs on these records is worked out anew after the commit (docs/decisions/059)
    PERFORM stir_records(ws, batch, answers, moved);
  END IF;
  RETURN answers;
END
$$;
