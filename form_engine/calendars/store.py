"""The definitions of calendars."""

from collections.abc import Mapping

from formloom.errors import InvalidDefinition, Issue
from sqlalchemy.orm import Session

from form_engine.calendars.live import forget_live_calendars, live_calendars
from form_engine.calendars.model import CalendarDef
from form_engine.calendars.parse import parse_calendar
from form_engine.definitions_store.store import DefinitionStore
from form_engine.records.actor import Actor


class CalendarStore(DefinitionStore[CalendarDef]):
    """Calendars, live and past. At most one is the default."""

    def __init__(self) -> None:
        super().__init__("calendar", parse_calendar)

    def check(self, session: Session, parsed: Mapping[str, CalendarDef]) -> None:
        """Raises InvalidDefinition `second_default` where another calendar is the default already."""
        live = {key: each.definition for key, each in live_calendars(session).items()} | dict(parsed)
        defaults = [key for key, each in live.items() if each.default]
        issues = tuple(
            Issue(f"/{key}/default", "second_default", {"key": next(other for other in defaults if other != key)})
            for key in parsed
            if key in defaults and len(defaults) > 1
        )
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, issues)

    def published(
        self, session: Session, parsed: Mapping[str, CalendarDef], versions: Mapping[str, int], actor: Actor
    ) -> None:
        """The rest of the transaction counts by these."""
        forget_live_calendars(session)
