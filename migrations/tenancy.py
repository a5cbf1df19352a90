"""What every table of a tenant gets, said once: migrations after 0002 call it for each table that they create."""

from alembic import op

APP, SEALER, ROUTER = "formloom_app", "formloom_sealer", "formloom_router"


def protect(table: str, *, append_only: bool = False) -> None:
    """Row-level security by `workspace_id`, and what the app may do: everything, or with `append_only` read and add."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_workspace ON {table} TO {APP}, {SEALER} "
        "USING (workspace_id = nullif(current_setting('app.workspace', true), '')::bigint)"
    )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}")
    if append_only:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(f"GRANT UPDATE, DELETE ON {table} TO {APP}")
