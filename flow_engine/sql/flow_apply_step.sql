-- One step of a run, whole or not at all: the run, its journal, the record, tasks, rights, timers, messages, audit, the answer.
--
--   {"workspace", "at", "actor", "machine",
--    "run":    {"id", "expected"} or for a new one {"flow", "flow_version", "form", "form_version", "initiator"}; with "status", "state", "ended"
--    "record": id,
--    "journal": the event with its answers,
--    "writes": [batches of apply_record_writes],
--    "finish": [{"visit", "person" | "guest", "decision", "reason", "comment", "fields"}],
--    "close":  [{"visit", "timers": n}],
--    "open":   [{"visit", "step", "kind", "person" | "guest", "due", "actions", "fields", "told", "name", "phone", "expires"}],
--    "timers": [{"visit", "action", "due"}],
--    "notify": [{"person", "kind", "params"}],
--    "outbox": [{"kind", "payload"}],
--    "audit":  {"action", "detail"},
--    "answer": {"who", "key", "fingerprint", "status", "body"} | null}
--
-- Plans are made once (force_generic_plan): planning statements over JSON anew each time costs more than running them.
-- Returns {"run", "version", "tasks": [{"id", "visit", "person", "guest"}], "people": [ids whose inbox changed]}. Raises
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
  run_of   bigint := (step #>> '{run,id}')::bigint;
  record_of bigint := (step ->> 'record')::bigint;
  flow_of  text;
  form_of  text;
  reached  integer;
  prefix   text;
  item     jsonb;
  number   integer;
  asked    bigint;
  losers   bigint[];
  people   bigint[] := '{}';
  tasks    jsonb := '[]';
BEGIN
  PERFORM set_config('app.workspace', ws::text, true);

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

  INSERT INTO run_journal (workspace_id, run_id, seq, at, actor, machine, event)
  VALUES (ws, run_of, reached, happened, actor_of, (step ->> 'machine')::bigint, step -> 'journal');

  FOR item IN SELECT b FROM jsonb_array_elements(step -> 'writes') b LOOP
    PERFORM apply_record_writes(item || jsonb_build_object('via', prefix));
  END LOOP;

  FOR item IN SELECT f FROM jsonb_array_elements(step -> 'finish') f LOOP
    UPDATE task t SET
      status = 'done', decision = item ->> 'decision', reason = item ->> 'reason', comment = item ->> 'comment',
      ended_at = happened, read_at = coalesce(t.read_at, happened)
    WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = (item ->> 'visit')::bigint AND t.status = 'open'
      AND (t.person_id = (item ->> 'person')::bigint OR t.guest_link_id = (item ->> 'guest')::uuid);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the task is not open any more' USING ERRCODE = 'FL012';
    END IF;
    -- Whoever decided may still look at what they decided on.
    IF item ->> 'person' IS NOT NULL THEN
      people := people || (item ->> 'person')::bigint;
      UPDATE access_grant g SET actions = '{read}', fields = item -> 'fields'
      WHERE g.workspace_id = ws AND g.person_id = (item ->> 'person')::bigint AND g.record_id = record_of
        AND g.source = prefix || ':' || (item ->> 'visit');
    ELSE
      UPDATE guest_link l SET used_at = happened WHERE l.workspace_id = ws AND l.id = (item ->> 'guest')::uuid;
    END IF;
  END LOOP;

  FOR item IN SELECT c FROM jsonb_array_elements(step -> 'close') c LOOP
    losers := '{}';
    FOR asked IN
      UPDATE task t SET status = 'closed', ended_at = happened
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = (item ->> 'visit')::bigint AND t.status = 'open'
      RETURNING t.person_id
    LOOP
      losers := losers || asked;
    END LOOP;
    IF losers <> '{}' THEN
      people := people || losers;
      DELETE FROM access_grant g
      WHERE g.workspace_id = ws AND g.source = prefix || ':' || (item ->> 'visit') AND g.person_id = ANY (losers);
    END IF;
    IF (item ->> 'timers')::integer > 0 THEN
      -- One that is just firing is left alone: it waits for our run, and then finds its visit closed.
      UPDATE timer t SET cancelled_at = happened
      WHERE t.workspace_id = ws AND t.id = ANY (ARRAY(
        SELECT c.id FROM timer c
        WHERE c.workspace_id = ws AND c.done_at IS NULL AND c.cancelled_at IS NULL AND c.key = ANY (ARRAY(
          SELECT concat_ws(':', prefix, item ->> 'visit', n) FROM generate_series(0, (item ->> 'timers')::integer - 1) n))
        FOR UPDATE SKIP LOCKED));
    END IF;
  END LOOP;

  IF jsonb_array_length(step -> 'open') > 0 THEN
    WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(step -> 'open') AS o(
        visit bigint, step text, kind text, person bigint, guest uuid, due timestamptz, actions text[], fields jsonb,
        told text, name text, phone text, expires timestamptz)
    ), opened AS (
      INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, guest_link_id, status, opened_at, due_at)
      SELECT ws, run_of, flow_of, form_of, record_of, o.visit, o.step, o.kind, o.person, o.guest, 'open', happened, o.due FROM asked o
      RETURNING task.id, task.visit, task.step, task.person_id, task.guest_link_id
    ), granted AS (
      INSERT INTO access_grant AS g (workspace_id, person_id, form, record_id, source, actions, fields)
      SELECT DISTINCT ON (o.person, o.visit) ws, o.person, form_of, record_of, prefix || ':' || o.visit, o.actions, o.fields
      FROM asked o WHERE o.person IS NOT NULL
      ON CONFLICT (workspace_id, person_id, record_id, source) DO UPDATE SET actions = excluded.actions, fields = excluded.fields
    ), linked AS (
      INSERT INTO guest_link (workspace_id, id, subject, name, phone, expires_at)
      SELECT ws, o.guest, 'task:' || t.id, o.name, o.phone, o.expires
      FROM asked o JOIN opened t ON t.guest_link_id = o.guest
    ), told AS (
      INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
      SELECT ws, o.person, coalesce(o.told, 'task_opened'),
             jsonb_build_object('flow', flow_of, 'step', o.step, 'kind', o.kind, 'record', record_of, 'task', t.id),
             '/inbox?task=' || t.id, happened
      FROM asked o JOIN opened t ON t.person_id = o.person AND t.visit = o.visit AND t.step = o.step
    )
    SELECT jsonb_agg(jsonb_build_object('id', t.id, 'visit', t.visit, 'person', t.person_id, 'guest', t.guest_link_id)),
           people || coalesce(array_agg(t.person_id) FILTER (WHERE t.person_id IS NOT NULL), '{}')
    INTO tasks, people
    FROM opened t;
  END IF;

  INSERT INTO timer AS t (workspace_id, key, kind, payload, due_at)
  SELECT ws, concat_ws(':', prefix, n ->> 'visit', n ->> 'action'), 'flow.due',
         jsonb_build_object('run', run_of, 'visit', n -> 'visit', 'action', n -> 'action'), (n ->> 'due')::timestamptz
  FROM jsonb_array_elements(step -> 'timers') n
  ON CONFLICT (workspace_id, key) DO UPDATE SET
    due_at = excluded.due_at, done_at = NULL, cancelled_at = NULL, attempts = 0, retry_at = NULL, last_error = NULL;

  INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
  SELECT ws, (n ->> 'person')::bigint, n ->> 'kind', (n -> 'params') || jsonb_build_object('flow', flow_of, 'record', record_of),
         '/records/' || record_of, happened
  FROM jsonb_array_elements(step -> 'notify') n;
  people := people || ARRAY(SELECT (n ->> 'person')::bigint FROM jsonb_array_elements(step -> 'notify') n);

  number := 0;
  FOR item IN SELECT o FROM jsonb_array_elements(step -> 'outbox') o LOOP
    INSERT INTO outbox (workspace_id, key, kind, payload)
    VALUES (ws, concat_ws(':', prefix, reached, number), item ->> 'kind', (item -> 'payload') || jsonb_build_object('run', run_of));
    number := number + 1;
  END LOOP;

  INSERT INTO audit_entry (workspace_id, actor, action, subject, detail)
  VALUES (ws, actor_of, step #>> '{audit,action}', prefix,
          (step #> '{audit,detail}') || jsonb_build_object('record', record_of, 'flow', flow_of, 'seq', reached));

  IF (run ->> 'ended')::boolean THEN
    UPDATE record r SET run_id = NULL WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id = run_of;
  END IF;

  IF jsonb_typeof(step -> 'answer') = 'object' THEN
    INSERT INTO idempotency_key (workspace_id, actor, key, fingerprint, status, body)
    VALUES (ws, step #>> '{answer,who}', step #>> '{answer,key}', decode(step #>> '{answer,fingerprint}', 'hex'),
            (step #>> '{answer,status}')::bigint, step #> '{answer,body}');
  END IF;

  RETURN jsonb_build_object('run', run_of, 'version', reached, 'tasks', tasks,
                            'people', (SELECT coalesce(jsonb_agg(DISTINCT p), '[]') FROM unnest(people) p));
END
$$;
