"""What a formula may see while it runs: its record, the current row, the candidate, and who asks and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

from formloom.frozen import quick

from .values import PersonValue, RecordValue
from .workdays import Calendar


class Organisation(Protocol):
    """Who stands where. Asked only by MANAGER and DEPARTMENT."""

    def manager(self, person: PersonValue, level: int) -> PersonValue | None:
        """The manager `level` steps above `person` (1 is the direct one), or None."""

    def department(self, person: PersonValue) -> str | None:
        """The name of the person's department, or None."""


@quick
@dataclass(frozen=True, slots=True)
class Context:
    """What does not come from a record. It carries the clock: formulas are deterministic given their context.

    Without a `calendar` the weekend is Saturday and Sunday, and there are no holidays.

    `now` is aware; `zone` is the workspace's time zone, in which HOUR, TEXT and the like read a datetime.
    """

    me: PersonValue | None = None
    initiator: PersonValue | None = None
    today: date = date(1970, 1, 1)
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    roles: frozenset[str] = frozenset()
    calendar: Calendar | None = None
    organisation: Organisation | None = None
    zone: tzinfo = UTC


NO_VALUES: Mapping[str, None] = {}
NO_RECORD = RecordValue("", None, NO_VALUES)
NO_CONTEXT = Context()


@dataclass(slots=True)
class Env:
    """One evaluation: `own` is the record, `row` the current row, `target` the candidate of a filter, `old` the record
    before a change.

    Not frozen, because one is made for every row of every rule and a frozen one takes three times as long.
    """

    own: RecordValue = NO_RECORD
    row: RecordValue | None = None
    target: RecordValue | None = None
    context: Context = NO_CONTEXT
    old: RecordValue | None = None
