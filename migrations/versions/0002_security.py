"""Who may touch what: roles that own nothing, row-level security on every tenant's table, logs that only grow."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What each role is for: `app` serves requests inside one workspace; `router` finds the workspace for log-ins, links,
# relay and clock, seeing only the columns that say where to go; `sealer` alone writes the audit's hash chain.
ROLES = ("formloom_app", "formloom_router", "formloom_sealer")

APPEND_ONLY = ("audit_entry", "run_journal", "record_history", "definition_version")

# table -> (columns the router may read, columns it may write)
ROUTING = {
    "workspace": (("id", "key", "name", "time_zone", "locale", "clock_offset"), ()),
    "person": (("workspace_id", "id", "login"), ()),
    "login_session": (("workspace_id", "id", "person_id", "token_hash", "expires_at", "seen_at"), ()),
    "password_reset": (("workspace_id", "id", "token_hash", "expires_at", "used_at"), ()),
    "api_token": (("workspace_id", "id", "token_hash", "expires_at", "revoked_at"), ()),
    "guest_link": (("workspace_id", "id", "generation", "expires_at", "revoked_at"), ()),
    "outbox": (("workspace_id", "id", "available_at", "done_at", "dead_at", "created_at"), ("available_at",)),
    "timer": (("workspace_id", "id", "due_at", "retry_at", "attempts", "done_at", "cancelled_at"), ()),
}

# Roles belong to the whole server: another database's migration may have made them, or, where we may not, an operator.
CREATE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        BEGIN
            CREATE ROLE {role} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    -- From 16 on, making a role does not yet mean that one may become it.
    IF NOT pg_has_role(current_user, '{role}',
                       CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
        EXECUTE format('GRANT {role} TO %I', current_user);
    END IF;
END $$
"""


def upgrade() -> None:
    """Create roles if this server lacks them, then policies and privileges."""
    for role in ROLES:
        op.execute(CREATE_ROLE.format(role=role))
    op.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)}")
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'FL009'; END $$
    """)
    for table in _tables():
        column = "id" if table == "workspace" else "workspace_id"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_workspace ON {table} TO formloom_app, formloom_sealer "
            f"USING ({column} = nullif(current_setting('app.workspace', true), '')::bigint)"
        )
        op.execute(f"GRANT SELECT ON {table} TO formloom_app")
        if table in APPEND_ONLY:
            op.execute(f"GRANT INSERT ON {table} TO formloom_app")
            op.execute(
                f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        elif table not in ("workspace", "audit_seal"):
            op.execute(f"GRANT INSERT, UPDATE, DELETE ON {table} TO formloom_app")
    op.execute("GRANT UPDATE (name, time_zone, locale, clock_offset, settings) ON workspace TO formloom_app")
    op.execute("GRANT SELECT ON audit_entry, audit_seal TO formloom_sealer")
    op.execute("GRANT INSERT ON audit_seal TO formloom_sealer")
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for table, (readable, writable) in ROUTING.items():
        op.execute(f"CREATE POLICY routing ON {table} TO formloom_router USING (true)")
        op.execute(f"GRANT SELECT ({', '.join(readable)}) ON {table} TO formloom_router")
        if writable:
            op.execute(f"GRANT UPDATE ({', '.join(writable)}) ON {table} TO formloom_router")


def _tables() -> list[str]:
    rows = op.get_bind().exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
    )
    return [row[0] for row in rows]
