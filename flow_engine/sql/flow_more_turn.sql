-- Somebody has had their turn at a step that goes round: {"flow", "step", "person"}. They come last from now on.
CREATE OR REPLACE FUNCTION flow_more_turn(ws bigint, run bigint, at timestamptz, args jsonb) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO flow_turn AS t (workspace_id, flow, step, person_id, turn)
  SELECT ws, args ->> 'flow', args ->> 'step', (args ->> 'person')::bigint, 1 + coalesce(max(f.turn), 0)
  FROM flow_turn f WHERE f.workspace_id = ws AND f.flow = args ->> 'flow' AND f.step = args ->> 'step'
  ON CONFLICT (workspace_id, flow, step, person_id) DO UPDATE SET turn = excluded.turn
$$;
