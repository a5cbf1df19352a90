-- One step of a run, whole or not at all: the run, its journal, the record, tasks, rights, timers, messages, audit, the answer.
-- The arguments, and what Python makes them of, are in service/arguments.py; the groups below stand in its order. NULL is "nothing".
--
-- This is the hot path. All that usually happens is typed, because walking JSON costs as much as the rows. A statement is one row and
-- looks up by key; a loop goes once round, mostly. What only happens now and then comes as JSON and is not begun otherwise.
-- Plans are made once (force_generic_plan). Tasks are found by their run and timers by their key. What is open or pending is asked
-- so that no index over all that is open or pending can answer it: on young tables the planner takes those, and every step would
-- read all of them.
-- Returns {run, 1 if others listen to what was written, else 0, whose tasks closed without them ...}. Raises
--   FL010 the run has moved on
--   FL011 the record is in another run
--   FL012 the task is not open any more
--   what apply_record_writes raises; 23505 when the same request was answered meanwhile
CREATE OR REPLACE FUNCTION flow_apply_step(
  ws bigint, happened timestamptz, actor_of text, machine_of bigint, record_of bigint, flow_of text, form_of text,
  -- the run: as it was read, or (`fresh`) what a new one begins with
  run_of bigint, expected bigint, status_of text, state_of jsonb, ended boolean, fresh jsonb,
  -- the record: batches of apply_record_writes, or one change_record
  written jsonb, write_expected bigint, write_actor text, write_action text, write_version bigint, write_title text, write_data jsonb,
  write_search text, write_changes jsonb, write_slot text, write_value text, world bigint,
  -- whose task is finished, and how; what they may still read
  visit_of bigint, person bigint, guest uuid, decision_of text, reason_of text, comment_of text, kept jsonb,
  -- visits where nobody is asked any more, and the keys of their timers
  closing bigint[], stopping text[],
  -- tasks that open: one element a task; actions: which rights the person gets by this very row; told: what the bell says of it
  visits bigint[], steps text[], kinds text[], people bigint[], guests uuid[], dues timestamptz[], actions text[], fields jsonb, told text[],
  -- timers: the key's end, the payload, when
  wakes text[], woken jsonb, wake_at timestamptz[],
  -- what is rare: [{"visit", "person", "guest"}], [{"visit", "step", "person", "because"}], [{"guest", "name", "phone", "expires"}],
  -- [{"person", "kind", "params"}], [{"kind", "payload"}], [{"fn": "flow_more_...", ...}] (each given to the function of that name)
  dropped_of jsonb, passed jsonb, invited jsonb, notified jsonb, posted jsonb, more jsonb,
  -- what happened, for the journal and the audit log
  journal jsonb, action_of text, detail jsonb,
  -- the answer to a request that may be repeated
  request_of text, fingerprint_of bytea, answer jsonb) RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  chosen    text := set_config('app.workspace', ws::text, true);
  prefix    text;
  source_of text;
  answers   jsonb;
  item      jsonb;
  task_of   bigint;
  reached   bigint;
  live      bigint;
  listening boolean;
  heard     bigint := 0;
  closed    bigint[] := '{}';
BEGIN
  IF run_of IS NULL THEN
    INSERT INTO run (workspace_id, flow, flow_version, form, form_version, record_id, status, state, machine, initiator_id,
      started_by, holds, depth, parent_run, parent_visit, started_at, ended_at)
    VALUES (ws, flow_of, (fresh ->> 'flow_version')::bigint, form_of, (fresh ->> 'form_version')::bigint, record_of,
            status_of, state_of, machine_of, (fresh ->> 'initiator')::bigint,
            fresh ->> 'started_by', (fresh ->> 'holds')::boolean, (fresh ->> 'depth')::bigint, (fresh ->> 'parent_run')::bigint,
            (fresh ->> 'parent_visit')::bigint, happened, CASE WHEN ended THEN happened END)
    RETURNING id INTO run_of;
    expected := 0;
    IF (fresh ->> 'holds')::boolean THEN
      UPDATE record r SET run_id = run_of WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id IS NULL;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the record is in another run' USING ERRCODE = 'FL011';
      END IF;
    END IF;
  ELSE
    UPDATE run r SET
      status = status_of, state = state_of, version = expected + 1, machine = machine_of, ended_at = CASE WHEN ended THEN happened END
    WHERE r.workspace_id = ws AND r.id = run_of AND r.version = expected;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the run has moved on' USING ERRCODE = 'FL010';
    END IF;
  END IF;
  prefix := 'run:' || run_of;

  IF write_expected IS NOT NULL THEN  -- as apply_record_writes does it: see there why
    chosen := pg_advisory_xact_lock_shared(7031, (ws % 2147483647)::integer)::text;
    SELECT coalesce(sum(d.live_version) FILTER (WHERE d.kind = 'form'), 0), bool_or(form_of = ANY (d.hears))
    INTO live, listening
    FROM definition d WHERE d.workspace_id = ws AND d.kind IN ('form', 'flow');
    IF live <> world THEN
      RAISE EXCEPTION 'the forms have changed' USING ERRCODE = 'FL004', DETAIL = '{}';
    END IF;
    reached := change_record(
      ws, record_of, write_expected, happened, write_actor, prefix, write_action, write_version, NULL, write_title, write_data,
      write_search, false, false, false, NULL, write_changes, write_slot, write_value);
    IF listening THEN
      heard := 1;
      INSERT INTO outbox (workspace_id, key, kind, lane, payload)
      VALUES (ws, 'changed:' || record_of || ':' || reached, 'records.changed', 1, jsonb_build_object('record', record_of, 'version', reached))
      ON CONFLICT (workspace_id, key) DO NOTHING;
    END IF;
  END IF;
  FOR n IN 0 .. coalesce(jsonb_array_length(written), 0) - 1 LOOP
    answers := apply_record_writes((written -> n) || jsonb_build_object('via', prefix));
    IF answers @> '[{"heard": true}]' THEN
      heard := 1;
    END IF;
  END LOOP;

  IF visit_of IS NOT NULL THEN
    UPDATE task t SET
      status = 'done', decision = decision_of, reason = reason_of, comment = comment_of, ended_at = happened,
      read_at = coalesce(t.read_at, happened)
    WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = visit_of AND t.status = 'open'
      AND (t.person_id = person OR t.guest_link_id = guest);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the task is not open any more' USING ERRCODE = 'FL012';
    END IF;
    IF guest IS NOT NULL THEN
      UPDATE guest_link l SET used_at = happened WHERE l.workspace_id = ws AND l.id = guest;
    ELSE  -- whoever decided may still look at what they decided on
      source_of := prefix || ':' || visit_of;
      UPDATE access_grant g SET actions = '{read}', fields = kept
      WHERE g.workspace_id = ws AND g.person_id = person AND g.record_id = record_of AND g.source = source_of;
    END IF;
  END IF;

  IF closing IS NOT NULL AND EXISTS (
    SELECT FROM task t WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = ANY (closing) AND (t.status = 'open') IS TRUE
  ) THEN  -- others were asked as well
    WITH others AS (
      UPDATE task t SET status = 'closed', ended_at = happened
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = ANY (closing) AND (t.status = 'open') IS TRUE
      RETURNING t.person_id, t.visit
    ), gone AS (
      DELETE FROM access_grant g USING others c
      WHERE g.workspace_id = ws AND g.person_id = c.person_id AND g.record_id = record_of AND g.source = prefix || ':' || c.visit
    )
    SELECT ARRAY(SELECT c.person_id FROM others c WHERE c.person_id IS NOT NULL) INTO closed;
  END IF;

  IF stopping IS NOT NULL THEN  -- one that is just firing is left alone: it waits for our run, and then finds its visit closed
    UPDATE timer t SET cancelled_at = happened
    WHERE t.workspace_id = ws AND t.id = ANY (ARRAY(
      SELECT c.id FROM timer c
      WHERE c.workspace_id = ws AND c.key = ANY (stopping) AND coalesce(c.done_at, c.cancelled_at) IS NULL
      FOR UPDATE SKIP LOCKED));
  END IF;

  IF dropped_of IS NOT NULL THEN
    WITH single AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(dropped_of) AS d(visit bigint, person bigint, guest uuid)
    ), dropped AS (
      UPDATE task t SET status = 'closed', ended_at = happened FROM single d
      WHERE t.workspace_id = ws AND t.run_id = run_of AND t.visit = d.visit AND t.status = 'open'
        AND (t.person_id = d.person OR t.guest_link_id = d.guest)
      RETURNING t.person_id, t.guest_link_id, t.visit
    ), shut AS (
      UPDATE guest_link l SET revoked_at = happened FROM dropped d WHERE l.workspace_id = ws AND l.id = d.guest_link_id
    )
    DELETE FROM access_grant g USING dropped d
    WHERE g.workspace_id = ws AND g.person_id = d.person_id AND g.record_id = record_of AND g.source = prefix || ':' || d.visit;
  END IF;

  IF passed IS NOT NULL THEN
    INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, status, opened_at, read_at, ended_at, decision, reason)
    SELECT ws, run_of, flow_of, form_of, record_of, p.visit, p.step, 'step', p.person, 'done', happened, happened, happened, p.decision, p.because
    FROM jsonb_to_recordset(passed) AS p(visit bigint, step text, person bigint, because text, decision text);
  END IF;

  FOR n IN 1 .. coalesce(cardinality(visits), 0) LOOP
    INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, guest_link_id, status, opened_at, due_at)
    VALUES (ws, run_of, flow_of, form_of, record_of, visits[n], steps[n], kinds[n], people[n], guests[n], 'open', happened, dues[n])
    RETURNING id INTO task_of;
    IF actions[n] IS NOT NULL THEN
      INSERT INTO access_grant AS g (workspace_id, person_id, form, record_id, source, actions, fields)
      VALUES (ws, people[n], form_of, record_of, prefix || ':' || visits[n], actions[n]::text[], fields -> (n - 1))
      ON CONFLICT (workspace_id, person_id, record_id, source) DO UPDATE SET actions = excluded.actions, fields = excluded.fields;
    END IF;
    IF people[n] IS NOT NULL THEN
      INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
      VALUES (ws, people[n], told[n],
              jsonb_build_object('flow', flow_of, 'step', steps[n], 'kind', kinds[n], 'record', record_of, 'task', task_of),
              '/inbox?task=' || task_of, happened);
    END IF;
  END LOOP;

  IF invited IS NOT NULL THEN
    INSERT INTO guest_link (workspace_id, id, subject, name, phone, expires_at)
    SELECT ws, i.guest, 'task:' || t.id, i.name, i.phone, i.expires
    FROM jsonb_to_recordset(invited) AS i(guest uuid, name text, phone text, expires timestamptz)
    JOIN task t ON t.workspace_id = ws AND t.guest_link_id = i.guest;
  END IF;

  FOR n IN 1 .. coalesce(cardinality(wakes), 0) LOOP
    INSERT INTO timer AS t (workspace_id, key, kind, payload, due_at)
    VALUES (ws, prefix || ':' || wakes[n], 'flow.due', (woken -> (n - 1)) || jsonb_build_object('run', run_of), wake_at[n])
    ON CONFLICT (workspace_id, key) DO UPDATE SET
      due_at = excluded.due_at, done_at = NULL, cancelled_at = NULL, attempts = 0, retry_at = NULL, last_error = NULL;
  END LOOP;

  IF notified IS NOT NULL THEN
    INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
    SELECT ws, (n ->> 'person')::bigint, n ->> 'kind', (n -> 'params') || jsonb_build_object('flow', flow_of, 'record', record_of),
           '/records/' || record_of, happened
    FROM jsonb_array_elements(notified) n;
  END IF;

  IF posted IS NOT NULL THEN
    INSERT INTO outbox (workspace_id, key, kind, lane, payload)
    SELECT ws, concat_ws(':', prefix, expected + 1, n.at - 1), n.told ->> 'kind',
           CASE n.told ->> 'kind' WHEN 'flow.tell' THEN 2 ELSE 0 END,  -- hundreds may be told at once
           (n.told -> 'payload') || jsonb_build_object('run', run_of)
    FROM jsonb_array_elements(posted) WITH ORDINALITY n(told, at);
  END IF;

  IF more IS NOT NULL THEN
    FOR item IN SELECT m FROM jsonb_array_elements(more) m LOOP
      IF item ->> 'fn' NOT LIKE 'flow\_more\_%' THEN
        RAISE EXCEPTION 'no such effect: %', item ->> 'fn';
      END IF;
      EXECUTE format('SELECT %I($1, $2, $3, $4)', item ->> 'fn') USING ws, run_of, happened, item;
    END LOOP;
  END IF;

  IF ended THEN
    UPDATE record r SET run_id = NULL WHERE r.workspace_id = ws AND r.id = record_of AND r.run_id = run_of;
  END IF;

  IF request_of IS NOT NULL THEN
    INSERT INTO idempotency_key (workspace_id, actor, key, fingerprint, status, body)
    VALUES (ws, actor_of, request_of, fingerprint_of, 200, answer);
  END IF;
  INSERT INTO run_journal (workspace_id, run_id, seq, at, actor, machine, event)
  VALUES (ws, run_of, expected + 1, happened, actor_of, machine_of, journal);
  INSERT INTO audit_entry (workspace_id, actor, action, subject, detail) VALUES (ws, actor_of, action_of, prefix, detail);

  RETURN ARRAY[run_of, heard] || closed;
END
$$;
