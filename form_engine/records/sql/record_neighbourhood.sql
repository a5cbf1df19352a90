-- A record and all that it reaches over at most `depth` links, in one round trip: enough to validate a change of it.
CREATE OR REPLACE FUNCTION record_neighbourhood(start_id bigint, depth integer DEFAULT 2) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE reached (id, hops) AS (
    SELECT start_id, 0
    UNION
    SELECT l.to_id, reached.hops + 1
    FROM reached
    JOIN record_link l
      ON l.workspace_id = nullif(current_setting('app.workspace', true), '')::bigint AND l.from_id = reached.id
    WHERE reached.hops < depth
  )
  SELECT coalesce(jsonb_agg(f), '[]'::jsonb)
  FROM record_facts(ARRAY(SELECT DISTINCT id FROM reached), ARRAY[start_id]) f
$$;
