"""The functions that apply a record's writes and a step of a run in one call."""

from alembic import op

from flow_engine import sql as flow_sql
from form_engine.records import sql as record_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the functions that this release calls."""
    for source in (*record_sql.FUNCTIONS, *flow_sql.FUNCTIONS):
        op.execute(source.read_text("utf-8"))
