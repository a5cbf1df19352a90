-- The running number `taken` of a series in its wording: {"prefix", "suffix", "width"}.
CREATE OR REPLACE FUNCTION number_text(mark jsonb, taken bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat(mark ->> 'prefix',
                lpad(taken::text, greatest((mark ->> 'width')::integer, length(taken::text)), '0'),
                mark ->> 'suffix')
$$;
