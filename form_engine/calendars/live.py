"""A workspace's calendars, as formulas and flows ask them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.calendars.parse import parse_calendar
from form_engine.calendars.working import WorkingCalendar
from form_engine.formula.workdays import WEEKENDS_ONLY, Calendar, SpecialDays
from form_engine.models import Definition, DefinitionVersion

_LIVE: Final = "form_engine.calendars"


@lru_cache(maxsize=500)
def _ready(body: str) -> WorkingCalendar:
    return WorkingCalendar(parse_calendar(json.loads(body)))


def live_calendars(session: Session) -> Mapping[str, WorkingCalendar]:
    """The live calendars by key; asked once a transaction."""
    asked_in, known = session.info.get(_LIVE, (None, None))
    if known is None or asked_in is not session.get_transaction():
        statement = (
            select(Definition.key, DefinitionVersion.body)
            .join(
                DefinitionVersion,
                (DefinitionVersion.workspace_id == Definition.workspace_id)
                & (DefinitionVersion.kind == Definition.kind)
                & (DefinitionVersion.key == Definition.key)
                & (DefinitionVersion.version == Definition.live_version),
            )
            .where(Definition.workspace_id == workspace_of(session), Definition.kind == "calendar")
            .order_by(Definition.key.collate("C"))
        )
        rows: list[tuple[str, Any]] = [tuple(row) for row in session.execute(statement)]
        known = {key: _ready(json.dumps(body, sort_keys=True)) for key, body in rows}
        session.info[_LIVE] = (session.get_transaction(), known)
    calendars: Mapping[str, WorkingCalendar] = known
    return calendars


def forget_live_calendars(session: Session) -> None:
    """One was published: the next question asks anew."""
    session.info.pop(_LIVE, None)


def named_calendar(session: Session, key: str) -> WorkingCalendar | None:
    """The live calendar of this key."""
    return live_calendars(session).get(key)


@dataclass(frozen=True, slots=True)
class LiveCalendar:
    """The workspace's default calendar for one unit of work; nothing is read before a formula asks.

    Without a default one, weekends are all that it knows.
    """

    session: Callable[[], Session]

    @property
    def weekend(self) -> frozenset[int]:
        """Weekdays that are not worked; 0 is Monday."""
        return self.found().weekend

    def special(self, year: int) -> SpecialDays:
        """What differs from the week in this year."""
        return self.found().special(year)

    def found(self) -> Calendar:
        """The calendar itself."""
        calendars = live_calendars(self.session()).values()
        return next((each for each in calendars if each.definition.default), WEEKENDS_ONLY)
