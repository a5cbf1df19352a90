-- One step of a run, whole or not at all: the run, its journal, the record, tasks, rights, timers, messages, audit, the answer.
--
--   {"workspace", "at", "actor", "machine",
--    "run":    {"id", "expected"} or for a new one {"flow", "flow_version", "form", "form_version", "initiator"}; with "status", "state", "ended"
--    "record": id,
--    "journal": the event with its answers,
--    "writes": [batches of apply_record_writes],
--    "finish": [{"visit", "person" | "guest", "decision", "reason", "comment", "fields"}],
--    "close":  [{"visit", "timers": n}],
--    "open":   [{"visit", "step", "kind", "person" | "guest", "due", "actions", "fields", "told"}],
--    "invite": [{"guest", "name", "phone", "expires"}],
--    "timers": [{"visit", "action", "due"}],
--    "notify": [{"person", "kind", "params"}],
--    "outbox": [{"kind", "payload"}],
--    "audit":  {"action", "detail"},
--    "answer": {"who", "key", "fingerprint", "status", "body"} | null}
--
-- This is the hot path. Plans are made once (force_generic_plan). Starting a statement costs about as much as its row, so rows
-- that belong together are written by one statement, lists are walked by index, and what has nothing to do is not begun.
-- Returns {"run", "version", "people": [ids whose inbox changed, perhaps twice]}. Raises
--   FL010 the run has moved on
--   FL011 the record is in another run
--   FL012 the task is not open any more
--   what apply_record_writes raises; 23505 when the same request was answered meanwhile
CREATE OR REPLACE FUNCTION flow_apply_step(step jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  ws       bigint := (step ->> 'workspace')::bigint;
  happened timestamptz := (step ->> 'at')::timestamptz;
  actor_of text := step ->> 'actor';
  run      jsonb := step -> 'run';
  run_of   bigint := (run ->> 'id')::bigint;
  record_of bigint := (step ->> 'record')::bigint;
  audit    jsonb := step -> 'audit';
  answer   jsonb := nullif(step -> 'answer', 'null');
  chosen   text := set_config('app.workspace', ws::text, true);
  flow_of  text;
  form_of  text;
  reached  integer;
  prefix   text;
  item     jsonb;
  person   bigint;
  written  jsonb;
  concerned bigint[];
  people   bigint[] := '{}';
BEGIN
  IF run_of IS NULL THEN
    INSERT INTO run (workspace_id, flow, flow_version, form, form_version, record_id, status, state, machine, initiator_id, started_at, ended_at)
    VALUES (ws, run ->> 'flow', (run ->> 'flow_version')::bigint, run ->> 'form', (run ->> 'form_version')::bigint, record_of,
            run ->> 'status', run -> 'state', (step ->> 'machine')::bigint, (run ->> 'initiator')::bigint, happened,
            CASE WHEN (run ->> 'ended')::boolean THEN happened END)
    RETURNING id, version, run.flow, run.form INTO run_of, reached, flow_of, form_of;
    UPDATE record r SET run_id = run_of WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the record is in another run' USING ERRCODE = 'FL011';
    END IF;
  ELSE
    UPDATE run r SET
      status = run ->> 'status', state = run -> 'state', version = r.version + 1, machine = (step ->> 'machine')::bigint,
      ended_at = CASE WHEN (run ->> 'ended')::boolean THEN happened END
    WHERE r.workspace_id = ws AND r.id = run_of AND r.version = (run ->> 'expected')::bigint
    RETURNING r.version, r.flow, r.form INTO reached, flow_of, form_of;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the run has moved on' USING ERRCODE = 'FL010';
    END IF;
  END IF;
  prefix := 'run:' || run_of;

  FOR n IN 0 .. jsonb_array_length(step -> 'writes') - 1 LOOP
    written := apply_record_writes((step #> ARRAY['writes', n::text]) || jsonb_build_object('via', prefix));
  END LOOP;

  FOR n IN 0 .. jsonb_array_length(step -> 'finish') - 1 LOOP
    item := step #> ARRAY['finish', n::text];
    person := (item ->> 'person')::bigint;
    -- Whoever decided may still look at what they decided on.
    WITH finished AS (
      UPDATE task t SET
        status = 'done', decision = item ->> 'decision', reason = item ->> 'reason', comment = item ->> 'comment',
        ended_at = happened, read_at = coalesce(t.read_at, happened)
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = (item ->> 'visit')::bigint AND t.status = 'open'
        AND (t.person_id = person OR t.guest_link_id = (item ->> 'guest')::uuid)
      RETURNING t.person_id
    ), kept AS (
      UPDATE access_grant g SET actions = '{read}', fields = item -> 'fields'
      WHERE g.workspace_id = ws AND g.person_id = person AND g.record_id = record_of
        AND g.source = prefix || ':' || (item ->> 'visit')
    )
    SELECT array_agg(f.person_id) INTO concerned FROM finished f;
    IF concerned IS NULL THEN
      RAISE EXCEPTION 'the task is not open any more' USING ERRCODE = 'FL012';
    END IF;
    IF person IS NULL THEN
      UPDATE guest_link l SET used_at = happened WHERE l.workspace_id = ws AND l.id = (item ->> 'guest')::uuid;
    ELSE
      people := people || person;
    END IF;
  END LOOP;

  FOR n IN 0 .. jsonb_array_length(step -> 'close') - 1 LOOP
    item := step #> ARRAY['close', n::text];
    WITH closed AS (
      UPDATE task t SET status = 'closed', ended_at = happened
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = (item ->> 'visit')::bigint AND t.status = 'open'
      RETURNING t.person_id
    ), gone AS (
      DELETE FROM access_grant g
      WHERE g.workspace_id = ws AND g.person_id = ANY (ARRAY(SELECT c.person_id FROM closed c)) AND g.record_id = record_of
        AND g.source = prefix || ':' || (item ->> 'visit')
    )
    SELECT array_agg(c.person_id) INTO concerned FROM closed c WHERE c.person_id IS NOT NULL;
    people := people || concerned;
    IF (item ->> 'timers')::integer > 0 THEN
      -- One that is just firing is left alone: it waits for our run, and then finds its visit closed.
      UPDATE timer t SET cancelled_at = happened
      WHERE t.workspace_id = ws AND t.id = ANY (ARRAY(
        SELECT c.id FROM timer c
        WHERE c.workspace_id = ws AND c.done_at IS NULL AND c.cancelled_at IS NULL AND c.key = ANY (ARRAY(
          SELECT concat_ws(':', prefix, item ->> 'visit', action) FROM generate_series(0, (item ->> 'timers')::integer - 1) action))
        FOR UPDATE SKIP LOCKED));
    END IF;
  END LOOP;

  IF jsonb_array_length(step -> 'open') > 0 THEN
    WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(step -> 'open') AS o(
        visit bigint, step text, kind text, person bigint, guest uuid, due timestamptz, actions text[], fields jsonb, told text)
    ), opened AS (
      INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, guest_link_id, status, opened_at, due_at)
      SELECT ws, run_of, flow_of, form_of, record_of, o.visit, o.step, o.kind, o.person, o.guest, 'open', happened, o.due FROM asked o
      RETURNING task.id, task.visit, task.step, task.person_id
    ), granted AS (
      INSERT INTO access_grant AS g (workspace_id, person_id, form, record_id, source, actions, fields)
      SELECT DISTINCT ON (o.person, o.visit) ws, o.person, form_of, record_of, prefix || ':' || o.visit, o.actions, o.fields
      FROM asked o WHERE o.person IS NOT NULL
      ON CONFLICT (workspace_id, person_id, record_id, source) DO UPDATE SET actions = excluded.actions, fields = excluded.fields
    ), told AS (
      INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
      SELECT ws, o.person, coalesce(o.told, 'task_opened'),
             jsonb_build_object('flow', flow_of, 'step', o.step, 'kind', o.kind, 'record', record_of, 'task', t.id),
             '/inbox?task=' || t.id, happened
      FROM asked o JOIN opened t ON t.person_id = o.person AND t.visit = o.visit AND t.step = o.step
    )
    SELECT array_agg(o.person) INTO concerned FROM asked o WHERE o.person IS NOT NULL;
    people := people || concerned;
  END IF;

  IF jsonb_array_length(step -> 'invite') > 0 THEN
    INSERT INTO guest_link (workspace_id, id, subject, name, phone, expires_at)
    SELECT ws, i.guest, 'task:' || t.id, i.name, i.phone, i.expires
    FROM jsonb_to_recordset(step -> 'invite') AS i(guest uuid, name text, phone text, expires timestamptz)
    JOIN task t ON t.workspace_id = ws AND t.guest_link_id = i.guest;
  END IF;

  IF jsonb_array_length(step -> 'timers') > 0 THEN
    INSERT INTO timer AS t (workspace_id, key, kind, payload, due_at)
    SELECT ws, concat_ws(':', prefix, n ->> 'visit', n ->> 'action'), 'flow.due',
           jsonb_build_object('run', run_of, 'visit', n -> 'visit', 'action', n -> 'action'), (n ->> 'due')::timestamptz
    FROM jsonb_array_elements(step -> 'timers') n
    ON CONFLICT (workspace_id, key) DO UPDATE SET
      due_at = excluded.due_at, done_at = NULL, cancelled_at = NULL, attempts = 0, retry_at = NULL, last_error = NULL;
  END IF;

  FOR n IN 0 .. jsonb_array_length(step -> 'notify') - 1 LOOP
    item := step #> ARRAY['notify', n::text];
    INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
    VALUES (ws, (item ->> 'person')::bigint, item ->> 'kind',
            (item -> 'params') || jsonb_build_object('flow', flow_of, 'record', record_of), '/records/' || record_of, happened);
    people := people || (item ->> 'person')::bigint;
  END LOOP;

  FOR n IN 0 .. jsonb_array_length(step -> 'outbox') - 1 LOOP
    item := step #> ARRAY['outbox', n::text];
    INSERT INTO outbox (workspace_id, key, kind, payload)
    VALUES (ws, concat_ws(':', prefix, reached, n), item ->> 'kind', (item -> 'payload') || jsonb_build_object('run', run_of));
  END LOOP;

  IF (run ->> 'ended')::boolean THEN
    UPDATE record r SET run_id = NULL WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id = run_of;
  END IF;

  WITH journalled AS (
    INSERT INTO run_journal (workspace_id, run_id, seq, at, actor, machine, event)
    VALUES (ws, run_of, reached, happened, actor_of, (step ->> 'machine')::bigint, step -> 'journal')
  ), answered AS (
    INSERT INTO idempotency_key (workspace_id, actor, key, fingerprint, status, body)
    SELECT ws, answer ->> 'who', answer ->> 'key', decode(answer ->> 'fingerprint', 'hex'), (answer ->> 'status')::bigint, answer -> 'body'
    WHERE answer IS NOT NULL
  )
  INSERT INTO audit_entry (workspace_id, actor, action, subject, detail)
  VALUES (ws, actor_of, audit ->> 'action', prefix,
          (audit -> 'detail') || jsonb_build_object('record', record_of, 'flow', flow_of, 'seq', reached));

  RETURN jsonb_build_object('run', run_of, 'version', reached, 'people', people);
END
$$;
