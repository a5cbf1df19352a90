"""What every step type gives: its JSON shape, how it is read, what a check must look at, and its behaviour
(machine.walk.Behaviour)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from formloom.errors import IllegalTransition

from flow_engine.elements.due import Decide, Due, Escalate, Remind, Transfer
from flow_engine.elements.outcome import Text
from flow_engine.elements.uses import Uses
from flow_engine.machine.effects import Ask, Copy, Tell
from flow_engine.machine.events import Decided, Reseated, TakenBack
from flow_engine.machine.overdue import named
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk

Json = Any
ParseSteps = Callable[[list[Mapping[str, Any]], str], "tuple[Step, ...]"]
"""Reads a nested list of steps that stands at a JSON pointer."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The part that all steps have. A step type subclasses it, and overrides what it does differently."""

    key: str
    title: Text
    pointer: str
    fields: Mapping[str, str] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    """What whoever is asked sees first, in this order; the rest of the record stands behind it. Empty: all of it."""

    @property
    def decisions(self) -> tuple[str, ...]:
        """What somebody who is asked may decide; nobody is asked by a step that acts."""
        return ()

    @property
    def lists(self) -> tuple[tuple["Step", ...], ...]:
        """The lists of steps inside this one."""
        return ()

    @property
    def splits(self) -> bool:
        """Walks its lists at the same time, or again and again: the end of one is not yet the way on."""
        return False

    @property
    def rows(self) -> str | None:
        """The table whose rows the steps inside read as `row.`."""
        return None

    @property
    def acts(self) -> bool:
        """Writes something when it is entered, so that returning past it must have been thought about."""
        return False

    @property
    def looks_again(self) -> bool:
        """Waits for something that the record tells."""
        return False

    @property
    def timers(self) -> int:
        """How many timers a visit of it may have set."""
        due = self.due_actions()
        return len(due.then) if due else 0

    def uses(self) -> Uses:
        """What must exist and fit for this step to work."""
        return Uses()

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Most steps need to know nothing."""
        return ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Open a visit, or act and go on."""
        raise NotImplementedError

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Only steps that ask somebody are decided."""
        raise NotImplementedError

    def reseat(self, walk: Walk, visit: Visit, event: Reseated) -> None:
        """Only where people approve together can they change who does."""
        raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": ()})

    def take_back(self, walk: Walk, visit: Visit, event: TakenBack) -> None:
        """Only where the step says so."""
        raise IllegalTransition("decision_not_offered", {"decision": "take_back", "offered": ()})

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """Remind, or tell somebody else, as `due` says."""
        due = self.due_actions()
        if due is None or action >= len(due.then):
            return
        wanted = due.then[action]
        match wanted.do:
            case Remind():
                walk.do(Tell("reminder", visit.step, refs=visit.asked))
            case Escalate(to):
                walk.do(Copy(visit.step, to, because="escalated", item=walk.item))
            case Transfer():
                walk.enter(visit.step, "transfer", named(visit.id, action))
            case Decide(decides):
                self.timed_out(walk, visit, decides)
        if wanted.every is not None:
            walk.set_timer(visit.id, action, wanted.every)

    def timed_out(self, walk: Walk, visit: Visit, decides: str) -> None:
        """Only steps that ask somebody can be decided, by time too."""
        raise NotImplementedError

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """Only steps that wait for something outside are resumed."""
        raise NotImplementedError

    def list_ended(self, walk: Walk) -> None:
        """What is walked once goes on behind this step."""
        walk.go_on_after(self.key)

    def due_actions(self) -> Due | None:
        """By when, if it has a due time."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class StepType:
    """A registered type.

    `schema` lists the properties beyond key, type and title; `required` which of them must be there.
    """

    name: str
    schema: Mapping[str, Json]
    parse: Callable[[Mapping[str, Any], str, ParseSteps], Step]
    required: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of properties of which exactly one must be there."""


def ref(name: str) -> dict[str, str]:
    """A definition of flow.schema.json, for the schema of a step type."""
    return {"$ref": f"#/$defs/{name}"}


def frame(raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The keyword arguments that every step has."""
    return {
        "key": raw["key"],
        "title": raw.get("title", raw["key"]),
        "pointer": pointer,
        "fields": raw.get("fields", {}),
        "require": tuple(raw.get("require", ())),
        "facts": tuple(raw.get("facts", ())),
    }
