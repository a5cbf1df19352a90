"""What the machine needs of a flow and of its steps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from flow_engine.clocks.definition import ClockDef
from flow_engine.elements.due import Due
from flow_engine.elements.outcome import Outcome
from flow_engine.elements.who import Who
from flow_engine.machine.effects import Ask
from flow_engine.machine.events import Decided, Reseated, TakenBack
from flow_engine.machine.state import Entry, Visit

if TYPE_CHECKING:
    from flow_engine.machine.walk import Walk

Answers = Mapping[str, Any]


class Behaviour(Protocol):
    """What a step can do. Every step type, and everything the machine puts beside a step, has these."""

    @property
    def key(self) -> str:
        """The step's key."""

    @property
    def decisions(self) -> tuple[str, ...]:
        """What somebody who is asked may decide."""

    def asks(self, walk: "Walk") -> tuple[Ask, ...]:
        """What must be known before it can be entered."""

    def enter(self, walk: "Walk", entry: Entry, answers: Answers) -> None:
        """Open a visit and wait, or act and go on."""

    def decide(self, walk: "Walk", visit: Visit, event: Decided) -> None:
        """Somebody who is asked has decided."""

    def reseat(self, walk: "Walk", visit: Visit, event: Reseated) -> None:
        """Somebody who is asked changes who decides."""

    def take_back(self, walk: "Walk", visit: Visit, event: TakenBack) -> None:
        """Somebody takes back what they decided here."""

    def fire(self, walk: "Walk", visit: Visit, action: int) -> None:
        """A timer of an open visit is due."""

    def resume(self, walk: "Walk", visit: Visit, outcome: Mapping[str, Any]) -> None:
        """What an open visit waited for outside has come."""

    def list_ended(self, walk: "Walk") -> None:
        """The walk has come to the end of a list of steps inside this one."""

    def due_actions(self) -> Due | None:
        """By when, if it has a due time."""


class Program(Protocol):
    """What the machine needs of a flow (`flow_engine.definition.FlowDef` is one)."""

    @property
    def first(self) -> str | None:
        """The first step's key."""

    @property
    def separate(self) -> tuple[str, ...]:
        """Steps (and INITIATOR) for which nobody may act twice in a run."""

    @property
    def same_approver(self) -> str:
        """What becomes of somebody who has agreed on this walk: `ask` again, `skip`, or `skip_adjacent`."""

    @property
    def own_request(self) -> str:
        """What becomes of the initiator among the approvers: `ask`, `skip`, or their `manager` instead."""

    @property
    def on_withdraw(self) -> Outcome | None:
        """What a withdrawal of the whole run sets; None where the initiator may not call it back."""

    @property
    def on_cancel(self) -> Outcome | None:
        """What an administrator's ending the run sets, if anything."""

    @property
    def owner(self) -> tuple[Who, ...]:
        """Who looks after the runs of this flow, besides the administrators."""

    def step(self, key: str) -> Behaviour:
        """The step of that key."""

    def return_to(self, key: str, target: str) -> str:
        """Where a return from this step leads: INITIATOR, or an earlier step's key."""

    def following(self, key: str) -> str | None:
        """The next step of the same list; None at its end."""

    def around(self, key: str) -> str | None:
        """The step in whose lists this one stands; None for the flow's own list."""

    def clock(self, key: str) -> ClockDef | None:
        """The clock of that key."""

    @property
    def timed(self) -> frozenset[str]:
        """The steps that clocks look at."""

    def splits(self, key: str) -> bool:
        """Whether the walk may be split, or go round, where this step stands."""
