-- Why people are asked in the tasks that this step has opened: {"told": [{"visit", "person", "because"}]}.
CREATE OR REPLACE FUNCTION flow_more_because(ws bigint, run bigint, at timestamptz, args jsonb) RETURNS void
LANGUAGE sql AS $$
  UPDATE task t SET because = b.because
  FROM jsonb_to_recordset(args -> 'told') AS b(visit bigint, person bigint, because jsonb)
  WHERE t.workspace_id = ws AND t.run_id = run AND t.visit = b.visit AND t.person_id = b.person AND t.status = 'open'
$$;
