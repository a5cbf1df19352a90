-- What a step, or a change of the record, makes of a run's clocks, with the timer that wakes for the next threshold.
--
--   args: {"clocks": [{"key", "record", "version": the one to be written, "started_at", "stopped_at", "target": seconds, "calendar",
--                      "pauses": [[from, to | null]], "held", "reached", "breached_at", "colour", "due_at", "used": seconds, "seen",
--                      "wake": when the next threshold is reached | null}]}
--
-- Raises FL010 where somebody has written one of them meanwhile: the step is taken again.
CREATE OR REPLACE FUNCTION flow_more_clocks(ws bigint, run bigint, at timestamptz, args jsonb) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  written bigint;
BEGIN
  INSERT INTO run_clock AS c (workspace_id, run_id, key, record_id, version, started_at, stopped_at, target, calendar, pauses, held,
                              reached, breached_at, colour, due_at, used, seen)
  SELECT ws, run, n.key, n.record, n.version, n.started_at, n.stopped_at, n.target, n.calendar, n.pauses, n.held,
         n.reached, n.breached_at, n.colour, n.due_at, n.used, n.seen
  FROM jsonb_to_recordset(args -> 'clocks') AS n(
    key text, record bigint, version bigint, started_at timestamptz, stopped_at timestamptz, target bigint, calendar text, pauses jsonb,
    held boolean, reached bigint, breached_at timestamptz, colour text, due_at timestamptz, used bigint, seen bigint)
  ORDER BY n.key
  ON CONFLICT (workspace_id, run_id, key) DO UPDATE SET
    version = excluded.version, started_at = excluded.started_at, stopped_at = excluded.stopped_at, target = excluded.target,
    calendar = excluded.calendar, pauses = excluded.pauses, held = excluded.held, reached = excluded.reached,
    breached_at = excluded.breached_at, colour = excluded.colour, due_at = excluded.due_at, used = excluded.used, seen = excluded.seen
  WHERE c.version = excluded.version - 1;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> jsonb_array_length(args -> 'clocks') THEN
    RAISE EXCEPTION 'a clock of the run has been written meanwhile' USING ERRCODE = 'FL010';
  END IF;

  INSERT INTO timer AS t (workspace_id, key, kind, payload, due_at)
  SELECT ws, concat_ws(':', 'run', run, 'clock', n.key), 'flow.clock', jsonb_build_object('run', run, 'clock', n.key), n.wake
  FROM jsonb_to_recordset(args -> 'clocks') AS n(key text, wake timestamptz)
  WHERE n.wake IS NOT NULL
  ON CONFLICT (workspace_id, key) DO UPDATE SET
    due_at = excluded.due_at, done_at = NULL, cancelled_at = NULL, attempts = 0, retry_at = NULL, last_error = NULL;

  UPDATE timer t SET cancelled_at = at
  WHERE t.workspace_id = ws AND coalesce(t.done_at, t.cancelled_at) IS NULL AND t.key = ANY (ARRAY(
    SELECT concat_ws(':', 'run', run, 'clock', n.key)
    FROM jsonb_to_recordset(args -> 'clocks') AS n(key text, wake timestamptz) WHERE n.wake IS NULL));
END
$$;
