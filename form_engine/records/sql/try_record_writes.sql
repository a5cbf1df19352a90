-- apply_record_writes for whoever wants to go on in the same transaction after a refusal: it is undone and told as
-- {"refused": its SQLSTATE, "detail"}. A savepoint around the call would be the same, and two more round trips.
CREATE OR REPLACE FUNCTION try_record_writes(batch jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  RETURN apply_record_writes(batch);
EXCEPTION WHEN SQLSTATE 'FL001' OR SQLSTATE 'FL002' OR SQLSTATE 'FL003' OR SQLSTATE 'FL004' OR SQLSTATE 'FL005' OR SQLSTATE 'FL006' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN jsonb_build_object('refused', SQLSTATE, 'detail', coalesce(nullif(detail, ''), '{}')::jsonb);
WHEN foreign_key_violation THEN  -- whose detail is words
  RETURN jsonb_build_object('refused', SQLSTATE, 'detail', '{}'::jsonb);
END
$$;
