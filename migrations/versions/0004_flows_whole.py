"""Flows, whole: what starts and calls runs, and what each room of the flow engine adds.

One function a subject, called in `upgrade`; a new table calls `protect`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()
    _people()
    _messages()
    _triggers()
    _documents()
    _clocks()
    _operations()
    _hot()


def _runs() -> None:
    """What started a run, and for whom it works."""
    op.add_column("run", sa.Column("started_by", sa.Text(), server_default="submit", nullable=False))
    op.add_column("run", sa.Column("holds", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("run", sa.Column("depth", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("run", sa.Column("parent_run", sa.BigInteger(), nullable=True))
    op.add_column("run", sa.Column("parent_visit", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_run_parent",
        "run",
        ["workspace_id", "parent_run"],
        postgresql_where=sa.text("parent_run IS NOT NULL"),
    )


def _people() -> None:
    """Why somebody is asked, when they were last urged, whose turn it was, who is away (ADR 079-081)."""
    json, now = postgresql.JSONB(astext_type=sa.Text()), sa.text("now()")
    op.add_column("task", sa.Column("because", json, nullable=True))
    op.add_column("task", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "flow_turn",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "flow", "step", "person_id", name=op.f("pk_flow_turn")),
    )
    op.create_table(
        "absence",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("proxy_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("as_well", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_absence")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_absence_workspace_id_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "proxy_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_absence_workspace_id_proxy_id_person"),
            ondelete="CASCADE",
        ),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("ix_absence_person", "absence", ["workspace_id", "person_id", "ends_at"], postgresql_where=live)
    op.create_index("ix_absence_proxy", "absence", ["workspace_id", "proxy_id", "ends_at"], postgresql_where=live)
    protect("flow_turn")
    protect("absence")


def _messages() -> None:
    """The delivery ledger, ways to people, connections and webhooks (ADR 085-089)."""
    json, now = postgresql.JSONB(astext_type=sa.Text()), sa.text("now()")
    for column in (
        sa.Column("kind", sa.Text(), server_default="other", nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("visit", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about", json, server_default="{}", nullable=False),
    ):
        op.add_column("message", column)
    op.create_index("ix_message_status", "message", ["workspace_id", "status", "id"])
    op.create_index("ix_message_person", "message", ["workspace_id", "person_id", "id"])
    for name in ("run_id", "notice"):
        only = sa.text(f"{name} IS NOT NULL")
        columns = ["workspace_id", name, "id"] if name == "run_id" else ["workspace_id", name]
        op.create_index(f"ix_message_{name.removesuffix('_id')}", "message", columns, postgresql_where=only)
    op.create_table(
        "channel_choice",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channels", json, server_default="{}", nullable=False),
        sa.Column("quiet_from", sa.BigInteger(), nullable=True),
        sa.Column("quiet_to", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_channel_choice")),
    )
    op.create_table(
        "push_subscription",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("keys", json, nullable=False),
        sa.Column("device", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("workspace_id", "endpoint", name=op.f("uq_push_subscription_workspace_id_endpoint")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            ondelete="CASCADE",
            name=op.f("fk_push_subscription_workspace_id_person_id"),
        ),
    )
    op.create_index("ix_push_subscription_person", "push_subscription", ["workspace_id", "person_id"])
    op.create_table(
        "connection",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_connection")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_connection_workspace_id_key")),
    )
    op.create_table(
        "hook_secret",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_hook_secret")),
    )
    op.create_index("ix_hook_secret_flow", "hook_secret", ["workspace_id", "flow", "id"])
    op.create_table(
        "hook_delivery",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "flow", "delivery_id", name=op.f("pk_hook_delivery")),
    )
    op.create_index("ix_hook_delivery_received_at", "hook_delivery", ["workspace_id", "received_at"])
    for table in ("channel_choice", "push_subscription", "connection", "hook_secret", "hook_delivery"):
        protect(table)


def _triggers() -> None:
    """Timers are asked for workspace by workspace; who listens to forms stands beside the flow; what went wrong with
    nobody there to see it."""
    op.drop_index("ix_timer_due", "timer")
    open_ = sa.text("done_at IS NULL AND cancelled_at IS NULL")
    op.create_index("ix_timer_due", "timer", ["workspace_id", "due_at", "id"], postgresql_where=open_)
    op.add_column("definition", sa.Column("hears", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("run", sa.Column("cause", sa.BigInteger(), nullable=True))
    op.create_table(
        "flow_report",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_flow_report")),
    )
    op.create_index("ix_flow_report_flow", "flow_report", ["workspace_id", "flow", "id"])
    protect("flow_report")


def _documents() -> None:
    """Stored files that the definitions of documents hold: Word templates, logos."""
    op.create_table(
        "document_file",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "file_id"],
            ["stored_file.workspace_id", "stored_file.id"],
            name=op.f("fk_document_file_workspace_id_stored_file"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "file_id", "document", name=op.f("pk_document_file")),
    )
    protect("document_file")


def _clocks() -> None:
    """Named clocks of runs (ADR 078)."""
    when = sa.DateTime(timezone=True)
    op.create_table(
        "run_clock",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("started_at", when, nullable=True),
        sa.Column("stopped_at", when, nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("pauses", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("held", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reached", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("breached_at", when, nullable=True),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("due_at", when, nullable=True),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "key", name=op.f("pk_run_clock")),
    )
    running = sa.text("started_at IS NOT NULL AND stopped_at IS NULL")
    op.create_index("ix_run_clock_colour", "run_clock", ["workspace_id", "colour", "due_at"], postgresql_where=running)
    protect("run_clock")


def _hot() -> None:
    """What a step writes (ADR 021): its functions take other arguments, and what it writes again finds room beside itself."""
    op.execute("DROP FUNCTION IF EXISTS flow_load_step(bigint, text, bigint, text)")
    op.execute("DROP FUNCTION IF EXISTS flow_apply_step(jsonb)")
    for table, filled in (
        ("run", 50),
        ("access_grant", 70),
    ):  # updated where no index looks: in place while there is room
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {filled})")


def _operations() -> None:
    """Runs are looked for by flow; figures read the tasks of a period, which lie together as they were opened; a flow
    that is retired starts no run any more (ADR 083, 084)."""
    op.create_index("ix_run_flow", "run", ["workspace_id", "flow", "id"])
    op.create_index("ix_task_opened", "task", ["opened_at"], postgresql_using="brin")
    op.add_column("definition", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
