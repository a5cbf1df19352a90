"""What the machine wants done and known.

Plain values: the shell does them, in order, in the transaction that stores the state.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from flow_engine.elements.outcome import Text
from flow_engine.elements.value import Assignment
from flow_engine.elements.who import Who
from flow_engine.machine.state import Kind, Status

TaskKind: TypeAlias = Kind | Literal["advice"]
"""`advice`: asked on behalf of somebody who decides afterwards."""

Item: TypeAlias = tuple[str, str] | None
"""The row that formulas read as `row.`: (the loop's step, the row's id); None outside a loop over rows."""


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """Ask each of these, in one visit that may have asked others already. `due` counts from now."""

    visit: int
    step: str
    kind: TaskKind
    asked: tuple[str, ...]
    due: timedelta | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class FinishTask:
    """This person has decided."""

    visit: int
    by: str
    decision: str
    reason: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class CloseTask:
    """This person is not asked any more, the others are."""

    visit: int
    ref: str


@dataclass(frozen=True, slots=True)
class PassOver:
    """Somebody would have been asked, and is not: `because` they agreed before (`same`), or it is their own
    (`own`). The course of the run shows it."""

    visit: int
    step: str
    ref: str
    because: str


@dataclass(frozen=True, slots=True)
class CloseVisit:
    """Nobody is asked any more: tasks still open close, rights given for them end, its timers stop."""

    visit: int


@dataclass(frozen=True, slots=True)
class SetFields:
    """The flow writes to the record, as itself."""

    step: str
    assignments: tuple[Assignment, ...]
    item: Item = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(visit, action)` after so long."""

    visit: int
    action: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Fire `TimerFired(visit, 0)` at a moment."""

    visit: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to people: `kind` is `reminder` or `notice`; `text` is the flow's own words, if it has some."""

    kind: str
    step: str
    to: tuple[Who, ...] = ()
    refs: tuple[str, ...] = ()
    subject: Text | None = None
    text: Text | None = None
    item: Item = None


@dataclass(frozen=True, slots=True)
class Copy:
    """Show the record to people, to read: a row under `copied to me`, and the right to open it.

    `because` is `copied`, or `escalated` where it is to hurry somebody.
    """

    step: str
    to: tuple[Who, ...]
    because: str = "copied"
    item: Item = None


@dataclass(frozen=True, slots=True)
class EndRun:
    """The run is over; the record is free again."""

    status: Status


Effect = (
    OpenTasks | FinishTask | CloseTask | PassOver | CloseVisit | SetFields | SetTimer | SetAlarm | Tell | Copy | EndRun
)


@dataclass(frozen=True, slots=True)
class AskPeople:
    """Who is this, now? Answer: a list of refs; or for a guest the ref of the link that has been made for them."""

    key: str
    who: tuple[Who, ...]
    item: Item = None


@dataclass(frozen=True, slots=True)
class AskTruth:
    """Does the condition hold for the record as it is now? Answer: true, false, or `{"error": "#DIV/0!"}`."""

    key: str
    formula: str
    item: Item = None


@dataclass(frozen=True, slots=True)
class AskMoment:
    """When is this? Answer: an instant in UTC (ISO 8601), None for a blank, or `{"error": …}`."""

    key: str
    formula: str
    item: Item = None


@dataclass(frozen=True, slots=True)
class AskRows:
    """Which rows does this table have now? Answer: their ids, in order."""

    key: str
    table: str


Ask = AskPeople | AskTruth | AskMoment | AskRows
