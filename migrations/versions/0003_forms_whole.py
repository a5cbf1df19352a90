"""Forms, whole: jobs with progress, and what each room of the form engine adds.

One function a subject, called in `upgrade`; a new table calls `protect`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import APP, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


FILES_OF_BEFORE = """
    INSERT INTO record_file (workspace_id, file_id, record_id, path)
    SELECT DISTINCT r.workspace_id, f.id, r.id, named.path
    FROM record r
    CROSS JOIN LATERAL (
        SELECT d.key AS path, file #>> '{}' AS file
        FROM jsonb_each(r.data) d, jsonb_path_query(d.value, '$[*] ? (@.type() == "string")') file
        UNION ALL
        SELECT d.key || '.' || c.key, file #>> '{}'
        FROM jsonb_each(r.data) d, jsonb_path_query(d.value, '$[*] ? (@.type() == "object")') line,
             jsonb_each(line) c, jsonb_path_query(c.value, '$[*] ? (@.type() == "string")') file
    ) named
    JOIN stored_file f ON f.workspace_id = r.workspace_id AND f.id::text = named.file
    WHERE f.created_by = 'person:' || r.created_by OR EXISTS (
        SELECT FROM definition d
        JOIN definition_version v ON v.workspace_id = d.workspace_id AND v.kind = d.kind AND v.key = d.key
            AND v.version = d.live_version
        CROSS JOIN LATERAL jsonb_array_elements(v.body -> 'fields') field
        LEFT JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(field -> 'fields') WHEN 'array' THEN field -> 'fields' ELSE '[]' END) col ON true
        WHERE d.workspace_id = r.workspace_id AND d.kind = 'form' AND d.key = r.form
          AND (field ->> 'key' = named.path AND field ->> 'type' IN ('file', 'signature')
               OR (field ->> 'key') || '.' || (col ->> 'key') = named.path AND col ->> 'type' IN ('file', 'signature'))
    )
"""
"""Files that stand in records already, in a field or in a column of a table. Whoever reads the record may read them from
now on, so a text that only looks like a file's id is none: the live form must say that files stand there, or who made
the record must have uploaded it (fields that are gone, or of a form that is).
"""


def upgrade() -> None:
    _records()
    _jobs()
    _recalculation()
    _imports()
    _search()
    _drafts()
    _formulas()


def _jobs() -> None:
    """Long work that people see (ADR 006)."""
    op.create_table(
        "job",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_created_by", "job", ["workspace_id", "created_by", "id"])
    op.create_index(
        "ix_job_open_key",
        "job",
        ["workspace_id", "kind", "key"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    protect("job")


def _imports() -> None:
    """What is uploaded on its way into forms (ADR 064)."""
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "import_batch",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("profile_key", sa.Text(), nullable=True),
        sa.Column("profile", json, nullable=False),
        sa.Column("found", json, server_default="{}", nullable=False),
        sa.Column("counts", json, server_default="{}", nullable=False),
        sa.Column("result", json, server_default="{}", nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_workspace_id_form_id", "import_batch", ["workspace_id", "form", "id"])
    protect("import_batch")
    op.create_table(
        "import_row",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("raw", json, nullable=False),
        sa.Column("fixed", json, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("clean", json, nullable=True),
        sa.Column("issues", json, nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("print", sa.Text(), nullable=True),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("record_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "batch_id", "position", name=op.f("pk_import_row")),
    )
    op.create_index(
        "ix_import_row_workspace_id_batch_id_state_position",
        "import_row",
        ["workspace_id", "batch_id", "state", "position"],
    )
    protect("import_row")
    op.create_table(
        "import_memory",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("profile", json, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "form", "signature", name=op.f("pk_import_memory")),
    )
    protect("import_memory")


def _records() -> None:
    """Files that stand in records, ranges that may not overlap, comments; history by batch, and purging (ADR 056-058)."""
    op.create_table(
        "record_file",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "file_id", "record_id", "path", name=op.f("pk_record_file")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "file_id"],
            ["stored_file.workspace_id", "stored_file.id"],
            name=op.f("fk_record_file_workspace_id_file_id"),
        ),
    )
    op.create_index(op.f("ix_record_file_workspace_id_record_id"), "record_file", ["workspace_id", "record_id"])
    op.create_table(
        "record_span",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("scope", postgresql.NUMRANGE(), nullable=False),
        sa.Column("during", postgresql.NUMRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "record_id", "rule", name=op.f("pk_record_span")),
        postgresql.ExcludeConstraint(("scope", "&&"), ("during", "&&"), name="ex_record_span_overlap"),
    )
    op.create_index(op.f("ix_record_span_workspace_id_key"), "record_span", ["workspace_id", "key"])
    op.create_table(
        "record_comment",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mentions", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_record_comment")),
    )
    op.create_index(
        op.f("ix_record_comment_workspace_id_record_id_id"), "record_comment", ["workspace_id", "record_id", "id"]
    )
    for table in ("record_file", "record_span", "record_comment"):
        protect(table)
    # What a bulk action, an import or a removal did is found again, to undo it; runs write most history and ask no such
    # question.
    op.create_index(
        "ix_record_history_via",
        "record_history",
        ["workspace_id", "via", "id"],
        postgresql_where=sa.text("via IS NOT NULL AND via NOT LIKE 'run:%'"),
    )
    # One's drafts and the bin: few records beside many.
    op.create_index(
        "ix_record_aside",
        "record",
        ["workspace_id", "form", "updated_at", "id"],
        postgresql_where=sa.text("draft OR deleted_at IS NOT NULL"),
    )
    op.execute(FILES_OF_BEFORE)
    # History only grows, but for records that are purged: by the function below alone, which belongs to the owner.
    op.execute("""
        CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('app.purging', true) = 'on' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'FL009';
        END $$
    """)
    op.execute("DROP TRIGGER only_grows ON record_history")
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON record_history "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history()"
    )
    op.execute("""
        CREATE FUNCTION purge_records(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public, pg_temp AS $$
        DECLARE
            ws bigint := nullif(current_setting('app.workspace', true), '')::bigint;
            gone bigint[];
        BEGIN
            SELECT array_agg(found.id) INTO gone FROM (
                SELECT r.id FROM record r
                WHERE r.workspace_id = ws AND r.id = ANY (ids) AND r.deleted_at IS NOT NULL AND r.run_id IS NULL
                ORDER BY r.id FOR UPDATE
            ) found;
            PERFORM set_config('app.purging', 'on', true);
            DELETE FROM record_history h WHERE h.workspace_id = ws AND h.record_id = ANY (gone);
            PERFORM set_config('app.purging', '', true);
            DELETE FROM record_comment c WHERE c.workspace_id = ws AND c.record_id = ANY (gone);
            DELETE FROM record_file f WHERE f.workspace_id = ws AND f.record_id = ANY (gone);
            DELETE FROM record_span s WHERE s.workspace_id = ws AND s.record_id = ANY (gone);
            DELETE FROM record_unique u WHERE u.workspace_id = ws AND u.record_id = ANY (gone);
            DELETE FROM record_link l WHERE l.workspace_id = ws AND l.from_id = ANY (gone);
            DELETE FROM rollup_part p WHERE p.workspace_id = ws AND p.child_id = ANY (gone);
            DELETE FROM access_grant g WHERE g.workspace_id = ws AND g.record_id = ANY (gone);
            -- Marks for others stay: those who hang on it are still to be worked out without it.
            DELETE FROM recalculation m WHERE m.workspace_id = ws AND m.record_id = ANY (gone) AND m.cause = '@self';
            DELETE FROM record r WHERE r.workspace_id = ws AND r.id = ANY (gone);
            RETURN coalesce(gone, '{}');
        END $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION purge_records(bigint[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION purge_records(bigint[]) TO {APP}")


def _search() -> None:
    """Words found by any two characters, through an index in spite of row-level security (ADR 054).

    The functions stand here and not with the others, because what they made is stored.
    """
    op.create_table(
        "record_search",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("tokens", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "record_id", name=op.f("pk_record_search")),
    )
    protect("record_search")
    # Every pair of neighbouring characters as one number. The workspace and the form are part of it, so that the lists
    # in the index are those of one form, and what other forms hold is never walked through.
    op.execute("""
        CREATE FUNCTION search_tokens(workspace bigint, form text, words text) RETURNS integer[]
        LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        DECLARE
            salt bigint := hashtextextended(form, workspace);
            before text := ' ';
            letter text;
            found integer[] := '{}';
        BEGIN  -- a loop, because a query would be set up anew for each record
            FOREACH letter IN ARRAY coalesce(string_to_array(words, NULL), '{}') LOOP
                IF before > ' ' COLLATE "C" AND letter > ' ' COLLATE "C" THEN
                    found := found || (hashtextextended(before || letter, salt) & 2147483647)::integer;
                END IF;
                before := letter;
            END LOOP;
            RETURN found;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION note_search() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                DELETE FROM record_search s WHERE s.workspace_id = OLD.workspace_id AND s.record_id = OLD.id;
                RETURN NULL;
            END IF;
            IF TG_OP = 'INSERT' THEN
                INSERT INTO record_search (workspace_id, record_id, tokens)
                VALUES (NEW.workspace_id, NEW.id, search_tokens(NEW.workspace_id, NEW.form, NEW.search));
            ELSE
                UPDATE record_search s SET tokens = search_tokens(NEW.workspace_id, NEW.form, NEW.search)
                WHERE s.workspace_id = NEW.workspace_id AND s.record_id = NEW.id;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "INSERT INTO record_search SELECT workspace_id, id, search_tokens(workspace_id, form, search) FROM record"
    )
    op.execute(
        "CREATE TRIGGER note_search_added AFTER INSERT OR DELETE ON record FOR EACH ROW EXECUTE FUNCTION note_search()"
    )
    op.execute(
        "CREATE TRIGGER note_search_changed AFTER UPDATE OF search ON record FOR EACH ROW "
        "WHEN (OLD.search IS DISTINCT FROM NEW.search) EXECUTE FUNCTION note_search()"
    )
    op.create_index("ix_record_search_tokens", "record_search", ["tokens"], postgresql_using="gin")
    # The array operators are not leakproof, so no index serves them behind a policy. This function belongs to the owner,
    # whom the policies do not bind; it answers with ids of the workspace that is set and of no other, and whoever uses
    # them reads the records themselves under all policies.
    op.execute("""
        CREATE FUNCTION search_candidates(form text, words text, most integer) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            workspace bigint := nullif(current_setting('app.workspace', true), '')::bigint;
        BEGIN
            RETURN QUERY SELECT s.record_id FROM record_search s
            WHERE s.tokens @> search_tokens(workspace, form, words) AND s.workspace_id = workspace LIMIT most;
        END $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION search_candidates(text, text, integer) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION search_candidates(text, text, integer) TO {APP}")


def _drafts() -> None:
    """What drafts were at their revisions (ADR 062)."""
    op.create_table(
        "definition_draft",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "key", "revision", name=op.f("pk_definition_draft")),
    )
    protect("definition_draft")


def _recalculation() -> None:
    """What is to be worked out anew because another record changed, and slots that are still being filled (ADR 059)."""
    op.create_table(
        "recalculation",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_recalculation")),
    )
    protect("recalculation")
    op.execute("CREATE POLICY routing ON recalculation TO formloom_router USING (true)")
    op.execute("GRANT SELECT (workspace_id, marked_at, available_at) ON recalculation TO formloom_router")
    op.add_column("form_slot", sa.Column("ready", sa.Boolean(), server_default="true", nullable=False))
    op.create_table(
        "form_upkeep",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "form", name=op.f("pk_form_upkeep")),
    )
    protect("form_upkeep")


def _formulas() -> None:
    """What formulas that became SQL call (ADR 018)."""
    op.execute(
        r"""
        CREATE FUNCTION formula_number(n numeric) RETURNS numeric
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN round(n, 28 - CASE
            WHEN n = 0 THEN 0
            WHEN abs(n) >= 1 THEN length(trunc(abs(n))::text)
            ELSE -length(substring(abs(n)::text FROM '^0\.(0*)'))
        END)
        """
    )
    op.execute("COMMENT ON FUNCTION formula_number IS 'A number with the 28 digits that formulas carry'")
