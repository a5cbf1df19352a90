-- One step of a run, whole or not at all: the run, its journal, the record, tasks, rights, timers, messages, audit, the answer.
--
--   {"workspace", "at", "actor", "machine",
--    "run":    {"id", "expected"} or for a new one {"flow", "flow_version", "form", "form_version", "initiator", "started_by", "holds",
--              "depth", "parent_run", "parent_visit"}; with "status", "state", "ended"
--    "record": id,
--    "journal": the event with its answers,
--    "writes": [batches of apply_record_writes],
--    "finish": {"visit", "person" | "guest", "decision", "reason", "comment", "fields"} | null,
--    "close":  "{2,3}" visits where nobody is asked any more, "stop": "{2:0,2:1}" their timers (visit:action),
--    "drop":   [{"visit", "person"}] single tasks that close while their visit goes on; absent when there are none,
--    "passed": [{"visit", "step", "person", "because"}] people who are not asked; absent when there are none,
--    "open":   [{"visit", "step", "kind", "person" | "guest", "due", "grant": whether the person gets rights by this row,
--               "actions": "{read,update}", "fields", "told"}],
--    "invite": [{"guest", "name", "phone", "expires"}],
--    "timers": [{"visit", "action", "due"}],
--    "notify": [{"person", "kind", "params"}],
--    "outbox": [{"kind", "payload"}],
--    "more":   [{"fn": "flow_more_…", …}] what rarer effects store: each is given, in order, to the SQL function of that name
--              as (workspace, run, at, itself); absent when there are none,
--    "audit":  {"action", "detail"},
--    "answer": {"who", "key", "fingerprint", "status", "body"} | null}
--
-- This is the hot path. Plans are made once (force_generic_plan). Beginning a statement costs more than its row, and each operator in
-- it costs again, so rows that belong together are written by one statement, whatever Python knows comes ready made (an array
-- as its text), and what has nothing to do is not begun.
-- Tasks are found by their run and timers by their key. What is open or pending is asked so that no index over all that is
-- open or pending can answer it: on young tables the planner takes those, and every step would read all of them.
-- Returns {"run", "version", "closed": [whose tasks closed without them]}. Raises
--   FL010 the run has moved on
--   FL011 the record is in another run
--   FL012 the task is not open any more
--   what apply_record_writes raises; 23505 when the same request was answered meanwhile
CREATE OR REPLACE FUNCTION flow_apply_step(step jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  ws        bigint := (step ->> 'workspace')::bigint;
  chosen    text := set_config('app.workspace', ws::text, true);
  happened  timestamptz := (step ->> 'at')::timestamptz;
  actor_of  text := step ->> 'actor';
  machine_of bigint := (step ->> 'machine')::bigint;
  run       jsonb := step -> 'run';
  run_of    bigint := (run ->> 'id')::bigint;
  record_of bigint := (step ->> 'record')::bigint;
  finish    jsonb := nullif(step -> 'finish', 'null');
  close     bigint[] := (step ->> 'close')::bigint[];
  answer    jsonb := nullif(step -> 'answer', 'null');
  flow_of   text;
  form_of   text;
  reached   bigint;
  prefix    text;
  batch     jsonb;
  item      jsonb;
  visit_of  bigint;
  person    bigint;
  guest     uuid;
  source_of text;
  finished  bigint;
  closed    bigint[] := '{}';
BEGIN
  IF run_of IS NULL THEN
    INSERT INTO run (workspace_id, flow, flow_version, form, form_version, record_id, status, state, machine, initiator_id,
      started_by, holds, depth, parent_run, parent_visit, started_at, ended_at)
    VALUES (ws, run ->> 'flow', (run ->> 'flow_version')::bigint, run ->> 'form', (run ->> 'form_version')::bigint, record_of,
            run ->> 'status', run -> 'state', machine_of, (run ->> 'initiator')::bigint,
            run ->> 'started_by', (run ->> 'holds')::boolean, (run ->> 'depth')::bigint, (run ->> 'parent_run')::bigint,
            (run ->> 'parent_visit')::bigint, happened,
            CASE WHEN (run ->> 'ended')::boolean THEN happened END)
    RETURNING id, version, run.flow, run.form INTO run_of, reached, flow_of, form_of;
    IF (run ->> 'holds')::boolean THEN
      UPDATE record r SET run_id = run_of WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id IS NULL;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the record is in another run' USING ERRCODE = 'FL011';
      END IF;
    END IF;
  ELSE
    UPDATE run r SET
      status = run ->> 'status', state = run -> 'state', version = r.version + 1, machine = machine_of,
      ended_at = CASE WHEN (run ->> 'ended')::boolean THEN happened END
    WHERE r.workspace_id = ws AND r.id = run_of AND r.version = (run ->> 'expected')::bigint
    RETURNING r.version, r.flow, r.form INTO reached, flow_of, form_of;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the run has moved on' USING ERRCODE = 'FL010';
    END IF;
  END IF;
  prefix := 'run:' || run_of;

  IF step -> 'writes' <> '[]' THEN
    FOR n IN 0 .. jsonb_array_length(step -> 'writes') - 1 LOOP
      batch := apply_record_writes((step #> ARRAY['writes', n::text]) || jsonb_build_object('via', prefix));
    END LOOP;
  END IF;

  IF finish IS NOT NULL OR close <> '{}' THEN
    visit_of := (finish ->> 'visit')::bigint;
    person := (finish ->> 'person')::bigint;
    guest := (finish ->> 'guest')::uuid;
    source_of := prefix || ':' || visit_of;
    WITH finished AS (
      UPDATE task t SET
        status = 'done', decision = finish ->> 'decision', reason = finish ->> 'reason', comment = finish ->> 'comment',
        ended_at = happened, read_at = coalesce(t.read_at, happened)
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = visit_of AND t.status = 'open'
        AND (t.person_id = person OR t.guest_link_id = guest)
      RETURNING t.id
    ), kept AS (  -- whoever decided may still look at what they decided on
      UPDATE access_grant g SET actions = '{read}', fields = finish -> 'fields'
      WHERE g.workspace_id = ws AND g.person_id = person AND g.record_id = record_of AND g.source = source_of
    ), closed AS (
      UPDATE task t SET status = 'closed', ended_at = happened
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = ANY (close) AND (t.status = 'open') IS TRUE
        AND (t.visit = visit_of AND (t.person_id = person OR t.guest_link_id = guest)) IS NOT TRUE
      RETURNING t.person_id, t.visit
    ), gone AS (
      DELETE FROM access_grant g USING closed c
      WHERE g.workspace_id = ws AND g.person_id = c.person_id AND g.record_id = record_of AND g.source = prefix || ':' || c.visit
    ), stopped AS (  -- one that is just firing is left alone: it waits for our run, and then finds its visit closed
      UPDATE timer t SET cancelled_at = happened
      WHERE t.workspace_id = ws AND t.id = ANY (ARRAY(
        SELECT c.id FROM timer c
        WHERE c.workspace_id = ws AND coalesce(c.done_at, c.cancelled_at) IS NULL
          AND c.key = ANY (ARRAY(SELECT prefix || ':' || s FROM unnest((step ->> 'stop')::text[]) s))
        FOR UPDATE SKIP LOCKED))
    )
    SELECT (SELECT f.id FROM finished f), ARRAY(SELECT c.person_id FROM closed c WHERE c.person_id IS NOT NULL)
    INTO finished, closed;
    IF finish IS NOT NULL AND finished IS NULL THEN
      RAISE EXCEPTION 'the task is not open any more' USING ERRCODE = 'FL012';
    END IF;
    IF guest IS NOT NULL THEN
      UPDATE guest_link l SET used_at = happened WHERE l.workspace_id = ws AND l.id = guest;
    END IF;
  END IF;

  IF step ? 'drop' THEN
    WITH single AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(step -> 'drop') AS d(visit bigint, person bigint)
    ), dropped AS (
      UPDATE task t SET status = 'closed', ended_at = happened FROM single d
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = d.visit AND t.person_id = d.person AND t.status = 'open'
      RETURNING t.person_id, t.visit
    )
    DELETE FROM access_grant g USING dropped d
    WHERE g.workspace_id = ws AND g.person_id = d.person_id AND g.record_id = record_of AND g.source = prefix || ':' || d.visit;
  END IF;

  IF step ? 'passed' THEN
    INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, status, opened_at, read_at, ended_at, decision, reason)
    SELECT ws, run_of, flow_of, form_of, record_of, p.visit, p.step, 'step', p.person, 'done', happened, happened, happened, 'skip', p.because
    FROM jsonb_to_recordset(step -> 'passed') AS p(visit bigint, step text, person bigint, because text);
  END IF;

  IF step -> 'open' <> '[]' THEN
    WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(step -> 'open') AS o(
        visit bigint, step text, kind text, person bigint, guest uuid, due timestamptz,
        "grant" boolean, actions text[], fields jsonb, told text)
    ), opened AS (
      INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, guest_link_id, status, opened_at, due_at)
      SELECT ws, run_of, flow_of, form_of, record_of, o.visit, o.step, o.kind, o.person, o.guest, 'open', happened, o.due FROM asked o
      RETURNING task.id, task.visit, task.step, task.kind, task.person_id
    ), granted AS (
      INSERT INTO access_grant AS g (workspace_id, person_id, form, record_id, source, actions, fields)
      SELECT ws, o.person, form_of, record_of, prefix || ':' || o.visit, o.actions, o.fields FROM asked o WHERE o."grant"
      ON CONFLICT (workspace_id, person_id, record_id, source) DO UPDATE SET actions = excluded.actions, fields = excluded.fields
    )
    INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
    SELECT ws, t.person_id, CASE t.kind WHEN 'cc' THEN (SELECT o.told FROM asked o WHERE o.kind = 'cc' AND o.person = t.person_id AND o.step = t.step LIMIT 1) ELSE 'task_opened' END,
           jsonb_build_object('flow', flow_of, 'step', t.step, 'kind', t.kind, 'record', record_of, 'task', t.id),
           '/inbox?task=' || t.id, happened
    FROM opened t WHERE t.person_id IS NOT NULL;
  END IF;

  IF step -> 'invite' <> '[]' THEN
    INSERT INTO guest_link (workspace_id, id, subject, name, phone, expires_at)
    SELECT ws, i.guest, 'task:' || t.id, i.name, i.phone, i.expires
    FROM jsonb_to_recordset(step -> 'invite') AS i(guest uuid, name text, phone text, expires timestamptz)
    JOIN task t ON t.workspace_id = ws AND t.guest_link_id = i.guest;
  END IF;

  IF step -> 'timers' <> '[]' THEN
    INSERT INTO timer AS t (workspace_id, key, kind, payload, due_at)
    SELECT ws, concat_ws(':', prefix, n ->> 'visit', n ->> 'action'), 'flow.due', (n - 'due') || jsonb_build_object('run', run_of),
           (n ->> 'due')::timestamptz
    FROM jsonb_array_elements(step -> 'timers') n
    ON CONFLICT (workspace_id, key) DO UPDATE SET
      due_at = excluded.due_at, done_at = NULL, cancelled_at = NULL, attempts = 0, retry_at = NULL, last_error = NULL;
  END IF;

  IF step -> 'notify' <> '[]' THEN
    INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
    SELECT ws, (n ->> 'person')::bigint, n ->> 'kind', (n -> 'params') || jsonb_build_object('flow', flow_of, 'record', record_of),
           '/records/' || record_of, happened
    FROM jsonb_array_elements(step -> 'notify') n;
  END IF;

  IF step -> 'outbox' <> '[]' THEN
    INSERT INTO outbox (workspace_id, key, kind, payload)
    SELECT ws, concat_ws(':', prefix, reached, n.at - 1), n.told ->> 'kind', (n.told -> 'payload') || jsonb_build_object('run', run_of)
    FROM jsonb_array_elements(step -> 'outbox') WITH ORDINALITY n(told, at);
  END IF;

  IF step ? 'more' THEN
    FOR item IN SELECT m FROM jsonb_array_elements(step -> 'more') m LOOP
      IF item ->> 'fn' NOT LIKE 'flow\_more\_%' THEN
        RAISE EXCEPTION 'no such effect: %', item ->> 'fn';
      END IF;
      EXECUTE format('SELECT %I($1, $2, $3, $4)', item ->> 'fn') USING ws, run_of, happened, item;
    END LOOP;
  END IF;

  IF (run ->> 'ended')::boolean THEN
    UPDATE record r SET run_id = NULL WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id = run_of;
  END IF;

  WITH journalled AS (
    INSERT INTO run_journal (workspace_id, run_id, seq, at, actor, machine, event)
    VALUES (ws, run_of, reached, happened, actor_of, machine_of, step -> 'journal')
  ), answered AS (
    INSERT INTO idempotency_key (workspace_id, actor, key, fingerprint, status, body)
    SELECT ws, answer ->> 'who', answer ->> 'key', decode(answer ->> 'fingerprint', 'hex'), (answer ->> 'status')::bigint, answer -> 'body'
    WHERE answer IS NOT NULL
  )
  INSERT INTO audit_entry (workspace_id, actor, action, subject, detail)
  VALUES (ws, actor_of, step #>> '{audit,action}', prefix,
          (step #> '{audit,detail}') || jsonb_build_object('record', record_of, 'flow', flow_of, 'seq', reached));

  RETURN jsonb_build_object('run', run_of, 'version', reached, 'closed', to_jsonb(closed));
END
$$;
