-- The one door through which records change (docs/decisions/017). A batch is applied whole or not at all:
--
--   {"actor": "person:12", "person_id": 12, "at": "2026-01-05T08:00:00Z", "via": "run:7",
--    "world": 12,                    -- optional: `Forms.mark` of the forms that the plan was made by
--    "seen": {"17": 4},              -- totals of these records were read by rules while `touched` was 4
--    "inserts": 1, "has": ["links"]  -- how many of the writes are new records, and what any of those mentions
--    "writes": [{"op": "insert"} | {"op": "update", "id": 5, "expected": 2}, each with
--       "form", "form_version", "action", "data", "title", "search" (both absent: as it is), "draft", "deleted",
--       "numbers": [{"series", "prefix", "suffix", "width", "token", "own"}]  -- taken here; each replaces its token in the write
--       "run_id":  7 | null                                           -- only when it changes
--       "slots":   {slot: value} | null                               -- null: counts nowhere (a draft, in the bin)
--       "slot":    "text_2"                                           -- if only one changed: then slots has no other
--       "links":   [{"path", "row_id", "to_id"}]
--       "unique":  [{"rule", "value"}]
--       "spans":   [{"rule", "key", "from", "to", "included"}]  -- ranges that may not overlap (put_record_spans.sql)
--       "files":   [{"file_id", "path"}]                -- that stand in the document now and did not before
--       "targets": [7]                                  -- records that are newly linked to: they must (still) be there
--       "parts":   [{"rollup", "row_id", "parent_id", "amount"}]
--       "changes": {field: [old, new]}}]}
--
-- What a write does not mention (slots, links, unique, parts) is left as it is.
-- Returns [{"id", "version", "number"}] in the order of the writes; the first has "heard" where somebody may be told of
-- them (tell_changes.sql). Raises
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
  changed   text;
  target    bigint;
  reached   bigint;
  taken     bigint;
  wording   text;
  own_number text;
  locked    text;
  moved     bigint[] := '{}';
  total     integer := jsonb_array_length(batch -> 'writes');
  inserts   integer := (batch ->> 'inserts')::integer;
  places    integer[];  -- of the new records among the writes; NULL: there are no others
  live      bigint;
  heard     boolean;  -- whether somebody may listen to what is written here
  made      record;
  answers   jsonb[] := array_fill(NULL::jsonb, ARRAY[total]);
BEGIN
  IF ws IS NULL THEN
    RAISE EXCEPTION 'no workspace is set';
  END IF;

  -- Who publishes a form holds this lock alone and brings older records up to date; a write that was planned by the forms
  -- of before would slip past that.
  IF batch ->> 'world' IS NOT NULL THEN
    locked := pg_advisory_xact_lock_shared(7031, (ws % 2147483647)::integer)::text;  -- PERFORM would start a statement for it
    SELECT coalesce(sum(d.live_version) FILTER (WHERE d.kind = 'form'), 0),
           bool_or(CASE total WHEN 1 THEN batch #>> '{writes,0,form}' = ANY (d.hears) ELSE d.hears IS NOT NULL END)
    INTO live, heard
    FROM definition d WHERE d.workspace_id = ws AND d.kind IN ('form', 'flow');
    IF live <> (batch ->> 'world')::bigint THEN
      RAISE EXCEPTION 'the forms have changed' USING ERRCODE = 'FL004', DETAIL = '{}';
    END IF;
  END IF;

  -- Everything that may be touched is locked first, in the order of ids: two batches can wait for each other, never in a
  -- ring. A single write that moves no total and was judged by none locks its row by updating it.
  IF total > 1 OR batch #> '{writes,0}' ? 'parts' OR batch -> 'seen' <> '{}' THEN
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

  IF inserts = total THEN
    made := insert_record_writes(ws, batch, CASE total WHEN 1 THEN ARRAY[batch #> '{writes,0}'] ELSE ARRAY(
      SELECT w FROM jsonb_array_elements(batch -> 'writes') w) END);
  ELSIF inserts > 0 THEN
    places := ARRAY(
      SELECT w.place FROM jsonb_array_elements(batch -> 'writes') WITH ORDINALITY w(item, place) WHERE w.item ->> 'op' = 'insert');
    made := insert_record_writes(ws, batch, ARRAY(
      SELECT w FROM jsonb_array_elements(batch -> 'writes') w WHERE w ->> 'op' = 'insert'));
  END IF;
  FOR n IN 1 .. inserts LOOP
    answers[coalesce(places[n], n)] := jsonb_build_object('id', made.ids[n], 'version', 1, 'number', made.numbers[n]);
    moved := made.moved;
  END LOOP;

  FOR at IN 0 .. CASE WHEN inserts = total THEN 0 ELSE total END - 1 LOOP
    CONTINUE WHEN answers[at + 1] IS NOT NULL;
    item := batch #> ARRAY['writes', at::text];
    own_number := NULL;
    FOR taking IN 0 .. coalesce(jsonb_array_length(item -> 'numbers'), 0) - 1 LOOP
      mark := item #> ARRAY['numbers', taking::text];
      INSERT INTO serial AS s (workspace_id, key, next) VALUES (ws, mark ->> 'series', 2)
      ON CONFLICT (workspace_id, key) DO UPDATE SET next = s.next + 1
      RETURNING s.next - 1 INTO taken;
      wording := number_text(mark, taken);
      item := put_number(item, mark ->> 'token', wording);
      IF (mark ->> 'own')::boolean THEN
        own_number := wording;
      END IF;
    END LOOP;

    target := (item ->> 'id')::bigint;
    changed := item ->> 'slot';
    reached := change_record(
      ws, target, (item ->> 'expected')::bigint, happened, batch ->> 'actor', batch ->> 'via', item ->> 'action',
      (item ->> 'form_version')::bigint, own_number, item ->> 'title', item -> 'data', item ->> 'search',
      (item ->> 'draft')::boolean, (item ->> 'deleted')::boolean, item ? 'run_id', (item ->> 'run_id')::bigint, item -> 'changes',
      changed, item #>> ARRAY['slots', changed]);

    IF changed IS NOT NULL THEN
      NULL;  -- change_record wrote it
    ELSIF jsonb_typeof(item -> 'slots') = 'object' THEN
      -- Every slot is named: `(jsonb_populate_record(…)).*` would read the document once a column.
      INSERT INTO record_index AS i (workspace_id, record_id, form, created_at, {slots})
      SELECT ws, target, r.form, r.created_at, {s.slots}
      FROM record r, jsonb_populate_record(NULL::record_index, item -> 'slots') s
      WHERE r.workspace_id = ws AND r.id = target
      ON CONFLICT (workspace_id, record_id) DO UPDATE SET ({slots}) = ROW ({excluded.slots});
    ELSIF item ? 'slots' THEN
      DELETE FROM record_index i WHERE i.workspace_id = ws AND i.record_id = target;
    END IF;

    IF item ? 'links' THEN
      DELETE FROM record_link l WHERE l.workspace_id = ws AND l.from_id = target;
      INSERT INTO record_link (workspace_id, from_id, path, row_id, to_id, from_form)
      SELECT ws, target, l ->> 'path', l ->> 'row_id', (l ->> 'to_id')::bigint, item ->> 'form'
      FROM jsonb_array_elements(item -> 'links') l;
    END IF;

    IF item ? 'unique' THEN
      DELETE FROM record_unique u WHERE u.workspace_id = ws AND u.record_id = target;
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
      taken := gone_target(ws, ARRAY(SELECT t::bigint FROM jsonb_array_elements_text(item -> 'targets') t));
      IF taken IS NOT NULL THEN
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

    answers[at + 1] := jsonb_build_object('id', target, 'version', reached, 'number', own_number);
  END LOOP;

  IF moved <> '{}' THEN
    UPDATE record r SET touched = r.touched + 1 WHERE r.workspace_id = ws AND r.id = ANY (moved);
  END IF;
  IF batch ? 'stirs' THEN  -- what hangs on these records is worked out anew after the commit (docs/decisions/059)
    PERFORM stir_records(ws, batch, to_jsonb(answers), moved);
  END IF;
  IF heard THEN
    PERFORM tell_changes(ws, batch, to_jsonb(answers));
    answers[1] := answers[1] || '{"heard": true}';
  END IF;
  RETURN to_jsonb(answers);
END
$$;
