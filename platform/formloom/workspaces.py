"""Making a workspace: the one act that stands outside all workspaces."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from formloom.db.engine import Databases
from formloom.models import Workspace


def create_workspace(
    databases: Databases, key: str, name: str, *, time_zone: str = "Asia/Shanghai", locale: str = "zh-CN"
) -> int:
    """Create the workspace `key` unless it exists, as the owner of the database; returns its id."""
    row = {"key": key, "name": name, "time_zone": time_zone, "locale": locale}
    with databases.owner.begin() as connection:
        connection.execute(insert(Workspace).values(row).on_conflict_do_nothing(index_elements=["key"]))
        return connection.execute(select(Workspace.id).where(Workspace.key == key)).scalar_one()


def find_workspace(databases: Databases, key: str) -> int | None:
    """The id of a workspace by its key."""
    with databases.router.connect() as connection:
        return connection.execute(select(Workspace.id).where(Workspace.key == key)).scalar_one_or_none()


def all_workspaces(databases: Databases) -> tuple[int, ...]:
    """The ids of all workspaces, for work that goes round the house (sealing, verifying)."""
    with databases.router.connect() as connection:
        return tuple(connection.execute(select(Workspace.id).order_by(Workspace.id)).scalars())
