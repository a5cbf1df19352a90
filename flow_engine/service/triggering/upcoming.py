"""What starts by itself, and when next: for administrators, and of one record for its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from formloom.db.uow import workspace_of
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.orm import Session

from flow_engine.service.catalogue import Catalogue
from flow_engine.service.triggering.dates import key_of
from flow_engine.triggers import OnDate

_WAITING = text("""
    SELECT payload ->> 'flow' AS flow, count(*) AS waiting, min(due_at) AS next_at FROM timer
    WHERE workspace_id = :workspace AND done_at IS NULL AND cancelled_at IS NULL
    AND kind IN ('flow.date', 'flow.schedule')
    GROUP BY 1
""")


_OF_RECORD = text("""
    SELECT payload ->> 'flow' AS flow, due_at FROM timer
    WHERE workspace_id = :workspace AND key = ANY (:keys) AND done_at IS NULL AND cancelled_at IS NULL
    ORDER BY due_at, key
""").bindparams(bindparam("keys", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Ahead:
    """A flow that a date of a record will start."""

    flow: str
    title: str | Mapping[str, str]
    due: datetime


def ahead(session: Session, catalogue: Catalogue, form: str, record: int) -> tuple[Ahead, ...]:
    """What dates of this record will start, the next first. The caller has checked that the reader may see it."""
    live = {pinned[0].key: pinned[0].definition.title for pinned in catalogue.triggered(session, form, OnDate)}
    keys = [key_of(record, flow) for flow in live]
    rows = session.execute(_OF_RECORD, {"workspace": workspace_of(session), "keys": keys}) if keys else ()
    return tuple(Ahead(flow, live[flow], due) for flow, due in rows)


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A live flow, what starts it, how many timers of it wait and when the first of them is due."""

    flow: str
    form: str
    on: str
    waiting: int
    next_at: datetime | None


def upcoming(session: Session, catalogue: Catalogue) -> tuple[Upcoming, ...]:
    """Every live flow; those that are due first come first, then those that wait for somebody or something."""
    rows = session.execute(_WAITING, {"workspace": workspace_of(session)})
    timers = {flow: (waiting, next_at) for flow, waiting, next_at in rows}
    found = []
    for key, version in catalogue.flows.live_versions(session).items():
        flow = catalogue.definition(session, key, version)
        found.append(Upcoming(key, flow.form, flow.trigger.name, *timers.get(key, (0, None))))
    return tuple(sorted(found, key=lambda one: (one.next_at is None, one.next_at or _NEVER, one.flow)))
