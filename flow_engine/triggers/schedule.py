"""schedule: by a calendar of times of its own (cron), in the workspace's time zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar

from cronsim import CronSim, CronSimError
from formloom.errors import Issue

from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Assignment, Formula, parse_set
from flow_engine.triggers.base import Trigger, TriggerType, when_of
from form_engine.definition import CompiledForm

CODES = ("bad_cron",)
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Scheduled(Trigger):
    """A run for each record for which `where` holds then, or one on a record that is made (`create`).

    Times that passed while no clock ran are made up for once.
    """

    name: ClassVar[str] = "schedule"

    cron: str
    where: Formula | None = None
    create: tuple[Assignment, ...] | None = None

    def uses(self) -> Uses:
        """The filter and what is set."""
        asked = (Asked("/where", self.where, ("logical",)),) if self.where else ()
        writes = (("/create/set", self.create),) if self.create is not None else ()
        return replace(super().uses(), asked=asked, writes=writes)

    def following(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The next time after an instant, in UTC; None where there is none in the next fifty years.

        A time of day that the clocks skip comes when they have gone forward; one that comes twice counts once.
        """
        try:
            return next(CronSim(self.cron, after.astimezone(zone))).astimezone(UTC)
        except StopIteration:
            return None

    def problems(self, form: CompiledForm) -> Iterator[Issue]:
        """The times must be some."""
        try:
            sound = len(self.cron.split()) == 5 and next(CronSim(self.cron, _SOME_TIME)) is not None
        except (CronSimError, StopIteration):
            sound = False
        if not sound:
            yield Issue("/cron", "bad_cron", {"value": self.cron})


def _parse(raw: Mapping[str, Any]) -> Scheduled:
    return Scheduled(
        when=when_of(raw),
        cron=raw["cron"],
        where=Formula(raw["where"]) if "where" in raw else None,
        create=parse_set(raw["create"].get("set")) if "create" in raw else None,
    )


TYPE = TriggerType(
    "schedule",
    {
        "cron": {"type": "string", "minLength": 9, "maxLength": 200},
        "where": {"$ref": "#/$defs/formula"},
        "create": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"set": {"$ref": "#/$defs/set"}},
        },
    },
    _parse,
    required=("cron",),
    one_of=(("where",), ("create",)),
)
