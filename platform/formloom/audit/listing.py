"""The audit log as administrators look through it: filters and pages in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to show; what is None does not matter. `action` is an action (`task.approve`), or with a dot at its end all
    that begin so (`task.`); `since` is the first moment, `until` the first no more.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def listing(session: Session, wanted: Wanted, *, before: int | None = None, limit: int = 50) -> Sequence[AuditEntry]:
    """A page, the latest first; `before` is the id at which the last page ended."""
    conditions: list[ColumnElement[bool]] = [AuditEntry.workspace_id == workspace_of(session)]
    if wanted.actor is not None:
        conditions.append(AuditEntry.actor == wanted.actor)
    if wanted.action is not None:
        whole = not wanted.action.endswith(".")
        action = AuditEntry.action
        conditions.append(action == wanted.action if whole else action.startswith(wanted.action, autoescape=True))
    if wanted.subject is not None:
        conditions.append(AuditEntry.subject == wanted.subject)
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.at < wanted.until)
    if before is not None:
        conditions.append(AuditEntry.id < before)
    return session.scalars(select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(limit)).all()
