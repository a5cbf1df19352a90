-- Marks to work off (docs/decisions/059): they are gone with this transaction. Of the marks that wait, those that say the
-- same as a taken one are taken along, also those put aside. What another transaction has taken is left to it.
CREATE OR REPLACE FUNCTION take_marks(most integer) RETURNS TABLE (record_id bigint, cause text)
LANGUAGE sql AS $$
  WITH first AS MATERIALIZED (
    SELECT r.id, r.record_id, r.cause FROM recalculation r
    WHERE r.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint AND r.available_at <= now()
    ORDER BY r.id LIMIT most FOR UPDATE SKIP LOCKED
  ), same AS MATERIALIZED (
    SELECT r.id FROM recalculation r
    WHERE r.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint AND r.id IN (
      SELECT n.id FROM (
        SELECT w.id, w.record_id, w.cause FROM recalculation w
        WHERE w.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint ORDER BY w.id LIMIT 20 * most) n
      WHERE (n.record_id, n.cause) IN (SELECT f.record_id, f.cause FROM first f))
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM recalculation r
    WHERE r.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint
      AND r.id IN (SELECT f.id FROM first f UNION SELECT s.id FROM same s)
    RETURNING r.record_id, r.cause
  )
  SELECT DISTINCT g.record_id, g.cause FROM gone g
$$;
