"""What pages need to keep: one function a subject, called in `upgrade`; a new table calls `protect`."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _saved_views()
    _guests()
    _outbox()


def _saved_views() -> None:
    """How people like to see lists (ADR 108)."""
    op.create_table(
        "saved_view",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_saved_view")),
    )
    op.create_index("ix_saved_view_form", "saved_view", ["workspace_id", "form", "title"])
    protect("saved_view")


def _guests() -> None:
    """Who made a guest's link: reports by public links are counted by it (ADR 102)."""
    op.add_column("guest_link", sa.Column("made_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_guest_link_workspace_id_made_by_created_at", "guest_link", ["workspace_id", "made_by", "created_at"]
    )


def _outbox() -> None:
    """What people wait for goes before what follows from writes, and that before floods (ADR 095)."""
    op.add_column("outbox", sa.Column("lane", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index("ix_outbox_available", "outbox")
    op.create_index(
        "ix_outbox_lane",
        "outbox",
        ["lane", "available_at"],
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.execute("GRANT SELECT (lane) ON outbox TO formloom_router")
