"""What the machine wants done and known.

Plain values: the shell does them, in order, in the transaction that stores the state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from formloom.frozen import quick

from flow_engine.elements.due import Length, Part
from flow_engine.elements.outcome import Text
from flow_engine.elements.search import Search
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import Who
from flow_engine.machine.state import Kind, Status

TaskKind: TypeAlias = Kind | Literal["advice"]
"""`advice`: asked on behalf of somebody who decides afterwards."""

Item: TypeAlias = tuple[str, str] | None
"""The row that formulas read as `row.`: (the loop's step, the row's id); None outside a loop over rows."""


@quick
@dataclass(frozen=True, slots=True)
class OpenTasks:
    """Ask each of these, in one visit that may have asked others already. `due` counts from now."""

    visit: int
    step: str
    kind: TaskKind
    asked: tuple[str, ...]
    due: Length | None = None
    because: str = ""
    item: Item = None
    whys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What there is to say about why these people: by ref, for whom they stand in, how they were found."""


@quick
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


@quick
@dataclass(frozen=True, slots=True)
class PassOver:
    """Somebody would have been asked, and is not: `because` they agreed before (`same`), or it is their own
    (`own`), or the time decided for them. The course of the run shows it."""

    visit: int
    step: str
    ref: str
    because: str
    decision: str = "skip"


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
class Act:
    """The step writes records beside the run's own, as its definition says; once, or for each of the `items` at which
    the step `each` around it is."""

    step: str
    item: Item = None
    each: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActLater:
    """More items than one transaction takes: the visit waits while they are worked off, chunk by chunk."""

    visit: int
    step: str
    item: Item = None


@dataclass(frozen=True, slots=True)
class SetPeople:
    """Who was found is written to a field of the record; nobody makes it blank."""

    step: str
    field: str
    refs: tuple[str, ...]
    item: Item = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(visit, action)` after so long."""

    visit: int
    action: int
    after: timedelta | Part
    item: Item = None


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Fire `TimerFired(visit, 0)` at a moment."""

    visit: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to people: `kind` is `reminder` or `notice`; `text` is the flow's own words, if it has some.

    `channels`: by which ways, where the flow names them. `attach`: the steps whose documents go along. `must`: it is to
    be acknowledged, so nobody's preferences keep it back.
    """

    kind: str
    step: str
    to: tuple[Who, ...] = ()
    refs: tuple[str, ...] = ()
    subject: Text | None = None
    text: Text | None = None
    item: Item = None
    channels: tuple[str, ...] | None = None
    attach: tuple[str, ...] = ()
    must: bool = False


@dataclass(frozen=True, slots=True)
class PostOut:
    """Send the webhook of a step. `visit` waits for what comes of it; 0 where nothing does."""

    step: str
    visit: int
    item: Item = None


@dataclass(frozen=True, slots=True)
class MakeDocument:
    """Make the document of a step; `visit` waits for the file."""

    step: str
    visit: int
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
class CallFlow:
    """Run another flow on these records, or on the own one. `visit` waits for all their ends; 0: nobody waits."""

    step: str
    flow: str
    visit: int
    records: tuple[int, ...] | None
    item: Item = None


@dataclass(frozen=True, slots=True)
class Reached:
    """The walk has come to a step, is past it, or the step is over; only for steps that a clock looks at."""

    step: str
    at: Literal["opened", "passed", "closed"]


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """They have had their turn at this step: whoever goes round, comes to the others first."""

    step: str
    ref: str


@dataclass(frozen=True, slots=True)
class EndRun:
    """The run is over; the record is free again."""

    status: Status


Effect = (
    OpenTasks
    | FinishTask
    | CloseTask
    | PassOver
    | CloseVisit
    | SetFields
    | Act
    | ActLater
    | SetPeople
    | SetTimer
    | SetAlarm
    | Tell
    | PostOut
    | MakeDocument
    | Copy
    | TakeTurn
    | CallFlow
    | Reached
    | EndRun
)


@dataclass(frozen=True, slots=True)
class AskPeople:
    """Who is this, now? Answer: a list of refs; or for a guest the ref of the link that has been made for them.

    `to_act`: those who are absent are answered with their proxies, and the best of several with the reason (see
    found.py); `past` have been asked already and are none of them.
    """

    key: str
    who: tuple[Who, ...]
    item: Item = None
    to_act: bool = False
    past: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class AskFound:
    """Which records are there now that a search means? Answer: the ids of the first `most` and one more, as text; or
    `{"error": …}`. With `where`, a condition over each, of the rows of the table instead."""

    key: str
    search: Search | None
    most: int
    item: Item = None
    table: str = ""
    where: Formula | None = None


@dataclass(frozen=True, slots=True)
class AskRecords:
    """Which records does a formula name: a link, or several? Answer: their ids, each once, or `{"error": …}`."""

    key: str
    formula: str
    item: Item = None


Ask = AskPeople | AskTruth | AskMoment | AskRows | AskFound | AskRecords
