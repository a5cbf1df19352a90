-- One of these records that is in the bin, if any; all are held, so that none goes there before we are done.
-- Who removes a record holds it FOR UPDATE and then looks who links to it: one of the two sees the other.
CREATE OR REPLACE FUNCTION gone_target(ws bigint, targets bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM record r WHERE r.workspace_id = ws AND r.id = ANY (targets) ORDER BY r.id FOR KEY SHARE;
  RETURN (SELECT r.id FROM record r WHERE r.workspace_id = ws AND r.id = ANY (targets) AND r.deleted_at IS NOT NULL LIMIT 1);
END
$$;
