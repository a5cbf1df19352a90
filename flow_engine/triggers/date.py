"""date: a date of the record comes near, is there, or is past.

Every record has a timer for each such flow, set when the record is written and again whenever the date or the
condition changes. It fires once for each value of the date, however many clocks run (docs/decisions/071).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Any, ClassVar, Literal

from formloom.errors import Issue

from flow_engine.elements.uses import Uses
from flow_engine.triggers.base import Trigger, TriggerType, when_of
from flow_engine.triggers.moments import Move, Offset, due_of, parse_offset
from form_engine.definition import CompiledForm
from form_engine.formula.workdays import Calendar

CODES = ("not_a_date", "date_of_others", "bad_offset")
CatchUp = Literal["latest", "all", "none"]
NOW = Offset()


@dataclass(frozen=True, kw_only=True)
class OnDate(Trigger):
    """`offset` from the value of `field`, at a time of day of the workspace.

    What could not fire in time (the clock stood still, the record or the rule came later): of the flows that share a
    `series` only the `latest` one that is past, `all` of them, or `none`.
    """

    name: ClassVar[str] = "date"

    field: str
    offset: str = "P0D"
    at: time | None = None
    move: Move | None = None
    calendar: str | None = None
    series: str | None = None
    catch_up: CatchUp = "latest"

    def uses(self) -> Uses:
        """The calendar."""
        return replace(super().uses(), calendars=(("/calendar", self.calendar),) if self.calendar else ())

    def due(self, value: date | datetime, zone: tzinfo, calendar: Calendar | None) -> datetime | None:
        """When it fires for a value of the date, in UTC. `calendar` is the rule's own."""
        offset = parse_offset(self.offset) or NOW
        return due_of(value, offset, at=self.at, move=self.move, calendar=calendar, zone=zone)

    def problems(self, form: CompiledForm) -> Iterator[Issue]:
        """The field must be a date that only changes with its record."""
        field = form.by_path.get(self.field)
        if field is None or "." in self.field:
            yield Issue("/field", "unknown_field", {"field": self.field})
        elif field.type.kind not in ("date", "datetime"):
            yield Issue("/field", "not_a_date", {"field": self.field})
        elif field.computed and not field.settled:
            yield Issue("/field", "date_of_others", {"field": self.field})
        if parse_offset(self.offset) is None:
            yield Issue("/offset", "bad_offset", {"value": self.offset})


def _parse(raw: Mapping[str, Any]) -> OnDate:
    return OnDate(
        when=when_of(raw),
        field=raw["field"],
        offset=raw.get("offset", "P0D"),
        at=time.fromisoformat(raw["at"]) if "at" in raw else None,
        move=raw.get("move"),
        calendar=raw.get("calendar"),
        series=raw.get("series"),
        catch_up=raw.get("catch_up", "latest"),
    )


TYPE = TriggerType(
    "date",
    {
        "field": {"$ref": "#/$defs/key"},
        "offset": {"type": "string", "maxLength": 40},
        "at": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
        "move": {"enum": ["earlier", "later"]},
        "calendar": {"$ref": "#/$defs/key"},
        "series": {"$ref": "#/$defs/key"},
        "catch_up": {"enum": ["latest", "all", "none"]},
    },
    _parse,
    required=("field",),
)
