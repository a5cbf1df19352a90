-- For a decision that has lost a race: hold the run, its record and the records whose totals were read, in the order of ids, so that
-- loading and applying again in this transaction cannot lose to anybody. Called inside a transaction; harmless when there is no such task.
CREATE OR REPLACE FUNCTION flow_hold_step(ws bigint, task_id bigint, records bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  record_of bigint;
BEGIN
  PERFORM set_config('app.workspace', ws::text, true);
  SELECT r.record_id INTO record_of
  FROM task t JOIN run r ON r.workspace_id = ws AND r.id = t.run_id
  WHERE t.workspace_id = ws AND t.id = task_id
  FOR NO KEY UPDATE OF r;
  PERFORM 1 FROM record c WHERE c.workspace_id = ws AND c.id = ANY (records || record_of) ORDER BY c.id FOR NO KEY UPDATE;
END
$$;
