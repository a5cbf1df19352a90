"""What pages need to keep: one function a subject, called in `upgrade`; a new table calls `protect`."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: each room calls its function here."""
