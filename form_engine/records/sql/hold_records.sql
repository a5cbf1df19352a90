-- Records, held with their parents (those to be as well, along the link paths `ways`) and read afterwards: what they are
-- now, as `record_facts` tells it. All locks are taken in the order of ids. Without `wait` nothing is held and nothing
-- returned where somebody else holds one of them: who never waits is part of no deadlock.
CREATE OR REPLACE FUNCTION hold_records(held bigint[], ways text[], wait boolean) RETURNS SETOF jsonb
LANGUAGE plpgsql AS $$
DECLARE
  ws     bigint := nullif(current_setting('app.workspace', true), '')::bigint;
  wanted bigint[] := ARRAY(
    SELECT unnest(held)
    UNION SELECT p.parent_id FROM rollup_part p WHERE p.workspace_id = ws AND p.child_id = ANY (held)
    UNION SELECT l.to_id FROM record_link l WHERE l.workspace_id = ws AND l.from_id = ANY (held) AND l.path = ANY (ways));
BEGIN
  IF wait THEN
    PERFORM 1 FROM record r WHERE r.workspace_id = ws AND r.id = ANY (wanted) ORDER BY r.id FOR NO KEY UPDATE;
  ELSE
    BEGIN
      PERFORM 1 FROM record r WHERE r.workspace_id = ws AND r.id = ANY (wanted) ORDER BY r.id FOR NO KEY UPDATE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN  -- gives back what was locked so far
      RETURN;
    END;
  END IF;
  RETURN QUERY SELECT f FROM record_facts(held) f;  -- a statement of its own: it sees what was committed before the locks
END
$$;
