"""All tables of the first release."""

import sqlalchemy as sa
from alembic import op
from formloom.models.audit import Xid8
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_grant",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_access_grant")),
        sa.UniqueConstraint(
            "workspace_id",
            "person_id",
            "record_id",
            "source",
            name=op.f("uq_access_grant_workspace_id_person_id_record_id_source"),
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "audit_entry",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        op.f("ix_audit_entry_workspace_id_subject"), "audit_entry", ["workspace_id", "subject"], unique=False
    )
    op.create_table(
        "audit_seal",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("pk_audit_seal")),
    )
    op.create_index(
        op.f("ix_audit_seal_workspace_id_entry_id"), "audit_seal", ["workspace_id", "entry_id"], unique=True
    )
    op.create_table(
        "definition",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=True),
        sa.Column("live_version", sa.BigInteger(), nullable=True),
        sa.Column("draft", postgresql.JSONB(astext_type=Text()), nullable=True),
        sa.Column("draft_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "key", name=op.f("pk_definition")),
    )
    op.create_table(
        "definition_version",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "key", "version", name=op.f("pk_definition_version")),
    )
    op.create_table(
        "department",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("manager_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["department.workspace_id", "department.id"],
            name=op.f("fk_department_workspace_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_department")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_department_workspace_id_key")),
    )
    op.create_table(
        "form_slot",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "form", "field", name=op.f("pk_form_slot")),
    )
    op.create_index(
        op.f("ix_form_slot_workspace_id_form_slot"), "form_slot", ["workspace_id", "form", "slot"], unique=True
    )
    op.create_table(
        "guest_link",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_guest_link")),
        sa.UniqueConstraint("id", name=op.f("uq_guest_link_id")),
    )
    op.create_index(op.f("ix_guest_link_workspace_id_subject"), "guest_link", ["workspace_id", "subject"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "actor", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "message",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_message_workspace_id_key")),
    )
    op.create_index(op.f("ix_message_workspace_id_created_at"), "message", ["workspace_id", "created_at"], unique=False)
    op.create_table(
        "notification",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notification")),
    )
    op.create_index(
        op.f("ix_notification_workspace_id_person_id_id"),
        "notification",
        ["workspace_id", "person_id", "id"],
        unique=False,
    )
    op.create_table(
        "outbox",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_outbox_workspace_id_key")),
    )
    op.create_index(
        "ix_outbox_available",
        "outbox",
        ["available_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "record",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form", sa.Text(collation="C"), nullable=False),
        sa.Column("form_version", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("search", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("touched", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("draft", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_record")),
    )
    op.create_index("ix_record_form_created", "record", ["workspace_id", "form", "created_at", "id"], unique=False)
    op.create_index("ix_record_form_updated", "record", ["workspace_id", "form", "updated_at", "id"], unique=False)
    op.create_table(
        "record_history",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("via", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_record_history")),
    )
    op.create_index(
        op.f("ix_record_history_workspace_id_record_id_id"),
        "record_history",
        ["workspace_id", "record_id", "id"],
        unique=False,
    )
    op.create_table(
        "record_link",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), server_default="", nullable=False),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("from_form", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "from_id", "path", "row_id", "to_id", name=op.f("pk_record_link")),
    )
    op.create_index(
        op.f("ix_record_link_workspace_id_to_id_from_form_path"),
        "record_link",
        ["workspace_id", "to_id", "from_form", "path"],
        unique=False,
    )
    op.create_table(
        "record_unique",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "form", "rule", "value", name=op.f("pk_record_unique")),
    )
    op.create_index(
        op.f("ix_record_unique_workspace_id_record_id"), "record_unique", ["workspace_id", "record_id"], unique=False
    )
    op.create_table(
        "role",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_role")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_role_workspace_id_key")),
    )
    op.create_table(
        "rollup_part",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("rollup", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), server_default="", nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "child_id", "rollup", "row_id", name=op.f("pk_rollup_part")),
    )
    op.create_index(
        "ix_rollup_part_parent",
        "rollup_part",
        ["workspace_id", "parent_id", "rollup"],
        unique=False,
        postgresql_include=["amount"],
    )
    op.create_table(
        "run",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("flow_version", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("form_version", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("machine", sa.BigInteger(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_run")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_run_initiator", "run", ["workspace_id", "initiator_id", "id"], unique=False)
    op.create_index("ix_run_status", "run", ["workspace_id", "status", "id"], unique=False)
    op.create_index(op.f("ix_run_workspace_id_record_id"), "run", ["workspace_id", "record_id"], unique=False)
    op.create_table(
        "run_journal",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("machine", sa.BigInteger(), nullable=False),
        sa.Column("event", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "seq", name=op.f("pk_run_journal")),
    )
    op.create_table(
        "serial",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key", name=op.f("pk_serial")),
    )
    op.create_table(
        "stored_file",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "task",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("guest_link_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_task")),
    )
    op.create_index(
        "ix_task_guest",
        "task",
        ["workspace_id", "guest_link_id"],
        unique=False,
        postgresql_where=sa.text("guest_link_id IS NOT NULL"),
    )
    op.create_index("ix_task_inbox", "task", ["workspace_id", "person_id", "status", "due_at", "id"], unique=False)
    op.create_index("ix_task_run", "task", ["workspace_id", "run_id", "visit"], unique=False)
    op.create_table(
        "timer",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_timer")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_timer_workspace_id_key")),
    )
    op.create_index(
        "ix_timer_due",
        "timer",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("locale", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("clock_offset", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("key", name=op.f("uq_workspace_key")),
    )
    op.create_table(
        "person",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "department_id"],
            ["department.workspace_id", "department.id"],
            name=op.f("fk_person_workspace_id_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_person_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "record_index",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("form", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_1", sa.Text(collation="C"), nullable=True),
        sa.Column("text_2", sa.Text(collation="C"), nullable=True),
        sa.Column("text_3", sa.Text(collation="C"), nullable=True),
        sa.Column("text_4", sa.Text(collation="C"), nullable=True),
        sa.Column("text_5", sa.Text(collation="C"), nullable=True),
        sa.Column("text_6", sa.Text(collation="C"), nullable=True),
        sa.Column("text_7", sa.Text(collation="C"), nullable=True),
        sa.Column("text_8", sa.Text(collation="C"), nullable=True),
        sa.Column("text_9", sa.Text(collation="C"), nullable=True),
        sa.Column("text_10", sa.Text(collation="C"), nullable=True),
        sa.Column("text_11", sa.Text(collation="C"), nullable=True),
        sa.Column("text_12", sa.Text(collation="C"), nullable=True),
        sa.Column("decimal_1", sa.BigInteger(), nullable=True),
        sa.Column("decimal_2", sa.BigInteger(), nullable=True),
        sa.Column("decimal_3", sa.BigInteger(), nullable=True),
        sa.Column("decimal_4", sa.BigInteger(), nullable=True),
        sa.Column("decimal_5", sa.BigInteger(), nullable=True),
        sa.Column("decimal_6", sa.BigInteger(), nullable=True),
        sa.Column("decimal_7", sa.BigInteger(), nullable=True),
        sa.Column("decimal_8", sa.BigInteger(), nullable=True),
        sa.Column("decimal_9", sa.BigInteger(), nullable=True),
        sa.Column("decimal_10", sa.BigInteger(), nullable=True),
        sa.Column("date_1", sa.Date(), nullable=True),
        sa.Column("date_2", sa.Date(), nullable=True),
        sa.Column("date_3", sa.Date(), nullable=True),
        sa.Column("date_4", sa.Date(), nullable=True),
        sa.Column("date_5", sa.Date(), nullable=True),
        sa.Column("date_6", sa.Date(), nullable=True),
        sa.Column("timestamp_1", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timestamp_2", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timestamp_3", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timestamp_4", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "record_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_record_index_workspace_id_record_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "record_id", name=op.f("pk_record_index")),
    )
    op.create_index(
        "ix_record_index_created", "record_index", ["workspace_id", "form", "created_at", "record_id"], unique=False
    )
    op.create_index(
        "ix_record_index_date_1",
        "record_index",
        ["workspace_id", "form", "date_1", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_1 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_date_2",
        "record_index",
        ["workspace_id", "form", "date_2", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_2 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_date_3",
        "record_index",
        ["workspace_id", "form", "date_3", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_3 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_date_4",
        "record_index",
        ["workspace_id", "form", "date_4", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_4 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_date_5",
        "record_index",
        ["workspace_id", "form", "date_5", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_5 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_date_6",
        "record_index",
        ["workspace_id", "form", "date_6", "record_id"],
        unique=False,
        postgresql_where=sa.text("date_6 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_1",
        "record_index",
        ["workspace_id", "form", "decimal_1", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_1 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_10",
        "record_index",
        ["workspace_id", "form", "decimal_10", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_10 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_2",
        "record_index",
        ["workspace_id", "form", "decimal_2", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_2 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_3",
        "record_index",
        ["workspace_id", "form", "decimal_3", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_3 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_4",
        "record_index",
        ["workspace_id", "form", "decimal_4", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_4 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_5",
        "record_index",
        ["workspace_id", "form", "decimal_5", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_5 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_6",
        "record_index",
        ["workspace_id", "form", "decimal_6", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_6 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_7",
        "record_index",
        ["workspace_id", "form", "decimal_7", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_7 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_8",
        "record_index",
        ["workspace_id", "form", "decimal_8", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_8 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_decimal_9",
        "record_index",
        ["workspace_id", "form", "decimal_9", "record_id"],
        unique=False,
        postgresql_where=sa.text("decimal_9 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_1",
        "record_index",
        ["workspace_id", "form", "text_1", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_1 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_10",
        "record_index",
        ["workspace_id", "form", "text_10", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_10 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_11",
        "record_index",
        ["workspace_id", "form", "text_11", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_11 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_12",
        "record_index",
        ["workspace_id", "form", "text_12", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_12 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_2",
        "record_index",
        ["workspace_id", "form", "text_2", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_2 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_3",
        "record_index",
        ["workspace_id", "form", "text_3", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_3 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_4",
        "record_index",
        ["workspace_id", "form", "text_4", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_4 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_5",
        "record_index",
        ["workspace_id", "form", "text_5", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_5 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_6",
        "record_index",
        ["workspace_id", "form", "text_6", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_6 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_7",
        "record_index",
        ["workspace_id", "form", "text_7", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_7 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_8",
        "record_index",
        ["workspace_id", "form", "text_8", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_8 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_text_9",
        "record_index",
        ["workspace_id", "form", "text_9", "record_id"],
        unique=False,
        postgresql_where=sa.text("text_9 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_timestamp_1",
        "record_index",
        ["workspace_id", "form", "timestamp_1", "record_id"],
        unique=False,
        postgresql_where=sa.text("timestamp_1 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_timestamp_2",
        "record_index",
        ["workspace_id", "form", "timestamp_2", "record_id"],
        unique=False,
        postgresql_where=sa.text("timestamp_2 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_timestamp_3",
        "record_index",
        ["workspace_id", "form", "timestamp_3", "record_id"],
        unique=False,
        postgresql_where=sa.text("timestamp_3 IS NOT NULL"),
    )
    op.create_index(
        "ix_record_index_timestamp_4",
        "record_index",
        ["workspace_id", "form", "timestamp_4", "record_id"],
        unique=False,
        postgresql_where=sa.text("timestamp_4 IS NOT NULL"),
    )
    op.create_table(
        "api_token",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_api_token_workspace_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "login_session",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_login_session_workspace_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    op.create_index(
        op.f("ix_login_session_workspace_id_person_id"), "login_session", ["workspace_id", "person_id"], unique=False
    )
    op.create_table(
        "password_reset",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_password_reset_workspace_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_token_hash")),
    )
    op.create_table(
        "person_role",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name=op.f("fk_person_role_workspace_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "role_id"],
            ["role.workspace_id", "role.id"],
            name=op.f("fk_person_role_workspace_id_role_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", "role_id", name=op.f("pk_person_role")),
    )
    op.create_index(
        op.f("ix_person_role_workspace_id_role_id"), "person_role", ["workspace_id", "role_id"], unique=False
    )
