-- One record changed, with its history, and one slot where only one changed: the middle of apply_record_writes, and what a
-- step calls itself that writes no more than that (a status, mostly). All is typed: nothing is looked up in JSON.
--
-- NULL leaves `number`, `title` and `search` as they are, and `run_id` unless `moves`. Returns the version reached, or raises FL001 like
-- apply_record_writes, which says what each part is.
CREATE OR REPLACE FUNCTION change_record(
  ws bigint, target bigint, expected bigint, happened timestamptz, actor_of text, via_of text, action_of text,
  form_version_of bigint, number_of text, title_of text, data_of jsonb, search_of text, draft_of boolean, deleted_of boolean,
  moves boolean, run_id_of bigint, changes_of jsonb, slot text, value text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  reached bigint;
BEGIN
  UPDATE record r SET
    form_version = form_version_of,
    number = coalesce(number_of, r.number),
    title = coalesce(title_of, r.title),
    data = data_of,
    search = coalesce(lower(search_of), r.search),
    draft = draft_of,
    run_id = CASE WHEN moves THEN run_id_of ELSE r.run_id END,
    deleted_at = CASE WHEN deleted_of THEN coalesce(r.deleted_at, happened) END,
    version = r.version + 1,
    updated_at = happened,
    updated_by = actor_of
  WHERE r.workspace_id = ws AND r.id = target AND r.version = expected
  RETURNING r.version INTO reached;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the record has moved on' USING ERRCODE = 'FL001', DETAIL = jsonb_build_object(
      'id', target, 'version', (SELECT r.version FROM record r WHERE r.workspace_id = ws AND r.id = target))::text;
  END IF;

  INSERT INTO record_history (workspace_id, record_id, version, at, actor, action, changes, via)
  VALUES (ws, target, reached, happened, actor_of, action_of, changes_of, via_of);

  IF slot IS NOT NULL THEN  -- an update that names one column costs half of one that names all
    CASE slot
      {one slot}
    END CASE;
  END IF;
  RETURN reached;
END
$$;
