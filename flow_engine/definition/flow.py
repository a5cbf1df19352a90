"""A flow: a tree of steps, and where the walk goes after each. It is the `Program` that the machine runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from flow_engine.clocks.definition import ClockDef
from flow_engine.elements.outcome import BEFORE, INITIATOR, Outcome, Text
from flow_engine.elements.uses import Uses
from flow_engine.elements.who import Who, roles_in
from flow_engine.steps import Step
from flow_engine.triggers import Change, OnDate, Trigger


@dataclass(frozen=True)
class FlowDef:
    """Immutable. Steps know their key, not their place; the places are worked out here, once."""

    key: str
    title: Text
    form: str
    trigger: Trigger
    steps: tuple[Step, ...]
    separate: tuple[str, ...] = ()
    same_approver: Literal["ask", "skip", "skip_adjacent"] = "ask"
    own_request: Literal["ask", "skip", "manager"] = "ask"
    on_withdraw: Outcome | None = None
    description: Text | None = None
    holds: bool = True
    """Nobody edits the record while a run is at work on it, but through the run's steps."""
    on_cancel: Outcome | None = None
    owner: tuple[Who, ...] = ()
    """Who looks after its runs, besides the administrators: they are asked when something fails."""

    clocks: tuple[ClockDef, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether this release cannot read it any more (`lost.LostFlow`)."""
        return False

    @cached_property
    def hears(self) -> frozenset[str]:
        """The forms of whose changes it is told."""
        told = isinstance(self.trigger, Change | OnDate) or self.looks_again
        return frozenset({self.form}) if told else frozenset()

    @property
    def first(self) -> str | None:
        """The key of the step with which the walk begins."""
        return self.steps[0].key if self.steps else None

    def uses(self) -> Uses:
        """What the flow itself relies on: who looks after it, and what ending a run from outside sets."""
        endings = (("/on_withdraw/set", self.on_withdraw), ("/on_cancel/set", self.on_cancel))
        writes = tuple((pointer, outcome.set) for pointer, outcome in endings if outcome is not None)
        return Uses(people=(("/owner", self.owner),) if self.owner else (), writes=writes)

    def walk(self) -> Iterator[Step]:
        """Every step, in the order in which it stands in the document."""
        waiting = list(reversed(self.steps))
        while waiting:
            step = waiting.pop()
            yield step
            for nested in reversed(step.lists):
                waiting.extend(reversed(nested))

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError."""
        return self._by_key[key]

    def following(self, key: str) -> str | None:
        """The next step of the same list; None at its end."""
        return self._places[key][0]

    def return_to(self, key: str, target: str) -> str:
        """Where a return from this step leads. BEFORE: the nearest step passed that asked somebody, else INITIATOR."""
        if target != BEFORE:
            return target
        return next((passed for passed in self.before(key) if self.step(passed).decisions), INITIATOR)

    def around(self, key: str) -> str | None:
        """The step in whose lists this one stands; None for the flow's own list."""
        return self._places[key][1]

    @property
    def looks_again(self) -> bool:
        """Whether its runs look at their record again after each of its changes."""
        return any(clock.fields for clock in self.clocks) or any(step.looks_again for step in self.walk())

    def splits(self, key: str) -> bool:
        """Whether the walk may be split, or go round, where this step stands."""
        around = self.around(key)
        return around is not None and (self.step(around).splits or self.splits(around))

    def clock(self, key: str) -> ClockDef | None:
        """The clock of that key."""
        return next((clock for clock in self.clocks if clock.key == key), None)

    @cached_property
    def timed(self) -> frozenset[str]:
        """The steps whose opening and closing clocks must hear of."""
        return frozenset(step for clock in self.clocks for step in clock.steps)

    def rows(self, key: str) -> str:
        """The table whose rows a step reads as `row.`: that of the innermost loop around it; "" outside of one."""
        around = self.around(key)
        while around is not None:
            table = self.step(around).rows
            if table is not None:
                return table
            around = self.around(around)
        return ""

    def after(self, key: str) -> str | None:
        """The step after this one: the next in its list; at the list's end, what follows the step around it."""
        return self._after[key]

    def before(self, key: str) -> tuple[str, ...]:
        """The steps that every walk to this one has passed, nearest first: earlier in its list, and in the lists
        around."""
        return self._before[key]

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """All roles that somebody may be asked by; loaded with a step, so that asking them costs no further query."""
        asked = [self.owner, *(people for clock in self.clocks for _, people in clock.uses().people)]
        asked += [people for step in self.walk() for _, people in step.uses().people]
        named = dict.fromkeys(role for people in asked for role in roles_in(people))
        return (*named, "admin") if "admin" not in named else tuple(named)

    @cached_property
    def _by_key(self) -> dict[str, Step]:
        return {step.key: step for step in self.walk()}

    @cached_property
    def _places(self) -> dict[str, tuple[str | None, str | None]]:
        places: dict[str, tuple[str | None, str | None]] = {}
        waiting: list[tuple[tuple[Step, ...], str | None]] = [(self.steps, None)]
        while waiting:
            steps, around = waiting.pop()
            for place, step in enumerate(steps):
                places[step.key] = (steps[place + 1].key if place + 1 < len(steps) else None, around)
                waiting.extend((nested, step.key) for nested in step.lists)
        return places

    @cached_property
    def _after(self) -> dict[str, str | None]:
        places: dict[str, str | None] = {}
        waiting: list[tuple[tuple[Step, ...], str | None]] = [(self.steps, None)]
        while waiting:
            steps, outer = waiting.pop()
            for place, step in enumerate(steps):
                following = steps[place + 1].key if place + 1 < len(steps) else outer
                places[step.key] = following
                waiting.extend((nested, following) for nested in step.lists)
        return places

    @cached_property
    def _before(self) -> dict[str, tuple[str, ...]]:
        passed: dict[str, tuple[str, ...]] = {}
        waiting: list[tuple[tuple[Step, ...], tuple[str, ...]]] = [(self.steps, ())]
        while waiting:
            steps, outer = waiting.pop()
            for step in steps:
                passed[step.key] = outer
                waiting.extend((nested, (step.key, *outer)) for nested in step.lists)
                outer = (step.key, *outer)
        return passed
