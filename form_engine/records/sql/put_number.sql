-- A write with its number where the token stood; as JSON text without its quotes, because it goes into JSON text.
CREATE OR REPLACE FUNCTION put_number(item jsonb, token text, wording text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(item::text, token, substr(to_jsonb(wording)::text, 2, length(to_jsonb(wording)::text) - 2))::jsonb
$$;
