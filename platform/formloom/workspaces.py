"""Making a workspace, the one act that stands outside all workspaces; and going round them all."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from formloom.db.engine import Databases
from formloom.models import Workspace

T = TypeVar("T")

_log = structlog.get_logger(__name__)


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


def go_round(workspaces: Iterable[int], what: str, do: Callable[[int], T]) -> list[T]:
    """Do it for each workspace. Where it fails the others have it done all the same, and the log says `what` failed."""
    done = []
    for workspace_id in workspaces:
        try:
            done.append(do(workspace_id))
        except Exception as error:
            # The kind alone: what a database says quotes what people wrote.
            _log.warning("workspace_skipped", what=what, workspace=workspace_id, error=type(error).__name__)
    return done
