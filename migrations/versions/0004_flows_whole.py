"""Flows, whole: what starts and calls runs, and what each room of the flow engine adds.

One function a subject, called in `upgrade`; a new table calls `protect`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()


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
