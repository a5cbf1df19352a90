"""What is live, as a transaction sees it, and what it has itself published."""

from collections.abc import Mapping
from typing import Final

from formloom.db.uow import workspace_of
from formloom.errors import Issue
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.models import Definition

PUBLISHED: Final = "form_engine.published"
_LIVE: Final = "form_engine.live_versions"


def live_of(session: Session) -> Mapping[str, Mapping[str, int]]:
    """By kind and key: the live versions as this transaction saw them first."""
    asked_in, known = session.info.get(_LIVE, (None, None))
    if known is None or asked_in is not session.get_transaction():
        statement = (
            select(Definition.kind, Definition.key, Definition.live_version)
            .where(
                Definition.workspace_id == workspace_of(session),
                Definition.live_version.is_not(None),
                Definition.retired_at.is_(None),
            )
            .order_by(Definition.kind, Definition.key.collate("C"))
        )
        found: dict[str, dict[str, int]] = {}
        for kind, key, version in session.execute(statement):
            if version is not None:
                found.setdefault(kind, {})[key] = version
        known = found
        session.info[_LIVE] = (session.get_transaction(), known)
    live: Mapping[str, Mapping[str, int]] = known
    return live


def forget_live(session: Session) -> None:
    """Something was published, or a lock was waited for: what is live must be asked anew."""
    session.info.pop(_LIVE, None)


def published_here(session: Session) -> bool:
    """Whether this very transaction published anything."""
    return bool(session.info.get(PUBLISHED))


def prefixed(issue: Issue, key: str) -> Issue:
    """The issue, seen from what is published together."""
    return Issue(f"/{key}{issue.pointer}", issue.code, issue.params)


def unprefixed(issue: Issue, key: str) -> Issue:
    """The issue, seen from the definition itself."""
    return Issue(issue.pointer.removeprefix(f"/{key}"), issue.code, issue.params)
