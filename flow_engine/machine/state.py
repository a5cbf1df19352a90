"""What a run remembers between two events.

Small on purpose: it is written again at every step, so it never grows with the run's length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["running", "stuck", "approved", "rejected", "withdrawn", "stopped"]
"""Open are `running` and `stuck` (nobody to ask, or a condition that cannot be computed: an administrator must act)."""

Kind = Literal["step", "resubmit", "exception", "stuck"]
"""Why somebody is asked: the step itself, or something that the machine itself puts beside it (see side.py)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a step: who is asked, and who has agreed so far. Actors are refs: `person:12`, `guest:<uuid>`."""

    id: int
    step: str
    kind: Kind
    asked: tuple[str, ...]
    agreed: tuple[str, ...] = ()
    because: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same visit back."""
        told: dict[str, Any] = {"id": self.id, "step": self.step, "kind": self.kind, "asked": list(self.asked)}
        if self.agreed:
            told["agreed"] = list(self.agreed)
        if self.because:
            told["because"] = self.because
        return told

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Visit":
        """What `to_json` wrote."""
        return cls(
            raw["id"],
            raw["step"],
            raw["kind"],
            tuple(raw["asked"]),
            tuple(raw.get("agreed", ())),
            raw.get("because", ""),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A step that the machine is about to enter, as soon as its questions are answered."""

    step: str
    kind: Kind = "step"
    because: str = ""


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything the machine knows of a run.

    `open`: the visits that wait for somebody. `entering`: the steps that wait for answers of the shell (always empty
    in a stored state). `deciders`: who decided a step in this run, the latest last. `rejections`: how often a step was
    rejected. `done`: action steps that have acted and need not act again. `visits` counts all visits ever opened.
    """

    initiator: str
    status: Status = "running"
    visits: int = 0
    open: tuple[Visit, ...] = ()
    entering: tuple[Entry, ...] = ()
    deciders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rejections: Mapping[str, int] = field(default_factory=dict)
    done: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self.status not in ("running", "stuck")

    def visit(self, number: int) -> Visit | None:
        """The open visit of that number."""
        return next((visit for visit in self.open if visit.id == number), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same state back."""
        return {
            "initiator": self.initiator,
            "status": self.status,
            "visits": self.visits,
            "open": [visit.to_json() for visit in self.open],
            "entering": [[entry.step, entry.kind, entry.because] for entry in self.entering],
            "deciders": {step: list(who) for step, who in self.deciders.items()},
            "rejections": dict(self.rejections),
            "done": list(self.done),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "RunState":
        """What `to_json` wrote."""
        return cls(
            initiator=raw["initiator"],
            status=raw["status"],
            visits=raw["visits"],
            open=tuple(Visit.from_json(visit) for visit in raw["open"]),
            entering=tuple(Entry(*entry) for entry in raw["entering"]),
            deciders={step: tuple(who) for step, who in raw["deciders"].items()},
            rejections=dict(raw["rejections"]),
            done=tuple(raw["done"]),
        )
