"""Workspaces: making one, which stands outside all of them; what one is called; going round them all."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from zoneinfo import available_timezones

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.i18n import LOCALES
from formloom.models import Workspace

T = TypeVar("T")
CODES = ("unknown_time_zone", "required", "not_an_option")

_log = structlog.get_logger(__name__)


def create_workspace(
    databases: Databases, key: str, name: str, *, time_zone: str = "Asia/Shanghai", locale: str = "zh-CN"
) -> int:
    """Create the workspace `key` unless it exists, as the owner of the database; returns its id."""
    row = {"key": key, "name": name, "time_zone": time_zone, "locale": locale}
    with databases.owner.begin() as connection:
        connection.execute(insert(Workspace).values(row).on_conflict_do_nothing(index_elements=["key"]))
        return connection.execute(select(Workspace.id).where(Workspace.key == key)).scalar_one()


def change_workspace(session: Session, *, name: str, time_zone: str, locale: str) -> tuple[str, ...]:
    """What the firm is called, where its clocks are, what its people read by default; returns what changed.

    Raises InvalidInput `required`, `unknown_time_zone`, `not_an_option`.
    """
    issues = [] if name.strip() else [Issue("/name", "required")]
    if time_zone not in available_timezones():
        issues.append(Issue("/time_zone", "unknown_time_zone", {"zone": time_zone}))
    if locale not in LOCALES:
        issues.append(Issue("/locale", "not_an_option", {"options": list(LOCALES)}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    row = session.get_one(Workspace, workspace_of(session), with_for_update=True, populate_existing=True)
    wanted = {"name": name.strip()[:200], "time_zone": time_zone, "locale": locale}
    changed = tuple(key for key, value in wanted.items() if getattr(row, key) != value)
    for key in changed:
        setattr(row, key, wanted[key])
    session.flush()
    return changed


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
