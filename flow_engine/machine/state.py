"""What a run remembers between two events.

Small on purpose: it is written again at every step, so it never grows with the run's length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from formloom.frozen import quick

from flow_engine.machine.seats import Seat, Seats, asked

Status = Literal["running", "stuck", "approved", "rejected", "withdrawn", "stopped", "cancelled"]
"""Open are `running` and `stuck` (nobody to ask, a condition that cannot be computed, an effect that failed: an
administrator must act)."""

Kind = Literal["step", "resubmit", "exception", "stuck", "incident", "offer", "transfer"]
"""Why somebody is asked: the step itself, or something that the machine itself puts beside it (see side.py)."""

MAIN = 0
"""The lane of the flow's own list of steps; control steps open further ones (see lanes.py)."""


Blame = tuple[str, str, str]
"""What failed: the class of the effect or ask, the step, and the row (`loop:row`), or ""."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an incident keeps: the event that comes again when it is mended, as JSON, and what failed of it.

    `held` is the visit that the event decided: nobody can decide it twice. `skips` are the parts that are left out
    already. Work outside that was given up has no event; `waits` is the visit that waits for it.
    """

    code: str
    params: Mapping[str, Any]
    blame: Blame
    event: Mapping[str, Any] | None = None
    held: "Visit | None" = None
    skips: tuple[Blame, ...] = ()
    waits: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same back."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "blame": list(self.blame),
            "event": self.event,
            "held": self.held.to_json() if self.held else None,
            "skips": [list(skip) for skip in self.skips],
            "waits": self.waits,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Trouble":
        """What `to_json` wrote."""
        return cls(
            code=raw["code"],
            params=raw["params"],
            blame=blame_of(raw["blame"]),
            event=raw["event"],
            held=Visit.from_json(raw["held"]) if raw["held"] else None,
            skips=tuple(blame_of(skip) for skip in raw["skips"]),
            waits=raw["waits"],
        )


def blame_of(raw: Sequence[str]) -> Blame:
    """From its JSON."""
    effect, step, item = raw
    return effect, step, item


@quick
@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a step, with a seat for each voice. Actors are refs: `person:12`, `guest:<uuid>`.

    A step that waits for time alone asks nobody.
    """

    id: int
    step: str
    kind: Kind
    seats: Seats
    because: str = ""
    lane: int = MAIN
    trouble: Trouble | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """Who is asked just now."""
        return asked(self.seats)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same visit back."""
        seats = [seat.to_json() for seat in self.seats]
        told: dict[str, Any] = {"id": self.id, "step": self.step, "kind": self.kind, "seats": seats}
        if self.because:
            told["because"] = self.because
        if self.lane:
            told["lane"] = self.lane
        if self.trouble:
            told["trouble"] = self.trouble.to_json()
        return told

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Visit":
        """What `to_json` wrote, in this release or an earlier one."""
        seats = tuple(Seat.from_json(seat) for seat in raw["seats"]) if "seats" in raw else _seats_of_release_1(raw)
        trouble = Trouble.from_json(raw["trouble"]) if "trouble" in raw else None
        return cls(raw["id"], raw["step"], raw["kind"], seats, raw.get("because", ""), raw.get("lane", MAIN), trouble)


def _seats_of_release_1(raw: Mapping[str, Any]) -> Seats:
    """The first release noted who was asked, and who of them had agreed."""
    agreed = raw.get("agreed", ())
    return tuple(Seat(ref, "agreed" if ref in agreed else "asked") for ref in raw["asked"])


@dataclass(frozen=True, slots=True)
class Last:
    """The latest decision, while nobody has acted on it: the visit as it was before, and what had been opened then."""

    by: str
    visit: Visit
    visits: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same back."""
        return {"by": self.by, "visit": self.visit.to_json(), "visits": self.visits}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Last":
        """What `to_json` wrote."""
        return cls(raw["by"], Visit.from_json(raw["visit"]), raw["visits"])


@quick
@dataclass(frozen=True, slots=True)
class Entry:
    """A step that the machine is about to enter, as soon as its questions are answered."""

    step: str
    kind: Kind = "step"
    because: str = ""
    lane: int = MAIN
    trouble: Trouble | None = None

    def to_json(self) -> list[Any]:
        """Plain JSON; `from_json` gives the same back."""
        told = [self.step, self.kind, self.because, self.lane]
        return [*told, self.trouble.to_json()] if self.trouble else told

    @classmethod
    def from_json(cls, raw: Sequence[Any]) -> "Entry":
        """What `to_json` wrote."""
        step, kind, because, lane, *trouble = raw
        return cls(step, kind, because, lane, Trouble.from_json(trouble[0]) if trouble else None)


@quick
@dataclass(frozen=True, slots=True)
class Fork:
    """A control step at work: where the walk has split into lanes, or goes round.

    `lane` is the one around it; `lanes` how many it has opened in this round, `ended` how many of them are through;
    `joined`: the walk has gone on already, whoever is left walks on for nothing; `rounds` counts a loop's rounds;
    `items` are those of a loop that are still to come.
    """

    id: int
    step: str
    lane: int
    lanes: int
    ended: int = 0
    joined: bool = False
    rounds: int = 1
    items: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same fork back."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {**told, "items": list(self.items)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Fork":
        """What `to_json` wrote."""
        return cls(**{**raw, "items": tuple(raw["items"])})


@dataclass(frozen=True, slots=True)
class Lane:
    """One walk of several at the same time. `number`: which list of the fork's step; `item`: a loop's row, by id."""

    id: int
    fork: int
    number: int
    item: str = ""


@quick
@dataclass(frozen=True, slots=True)
class RunState:
    """Everything the machine knows of a run.

    `open`: the visits that wait for somebody. `entering`: the steps that wait for answers of the shell (always empty
    in a stored state). `deciders`: who decided a step in this run, the latest last. `rejections`: how often a step was
    rejected. `agreed`: who agreed to a step since the walk was last sent back, in that order. `done`: action steps that
    have acted and need not act again. `visits` counts all visits ever opened, `splits` all forks and lanes. `last` is
    what can still be taken back. `chosen`: whom the initiator picked, by step. `offered`: who has been offered a step
    and has not taken it. `straight`: where the walk goes after a step (or the initiator) that work was returned to,
    instead of on. `skips`: what an administrator has left out of the event that is happening (like `entering` empty in
    a stored state). `called`: another run waits for its end.
    """

    initiator: str
    status: Status = "running"
    visits: int = 0
    open: tuple[Visit, ...] = ()
    entering: tuple[Entry, ...] = ()
    deciders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rejections: Mapping[str, int] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    forks: tuple[Fork, ...] = ()
    lanes: tuple[Lane, ...] = ()
    splits: int = 0
    agreed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last: Last | None = None
    skips: tuple[Blame, ...] = ()
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    straight: Mapping[str, str] = field(default_factory=dict)
    called: bool = False

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self.status not in ("running", "stuck")

    def visit(self, number: int) -> Visit | None:
        """The open visit of that number."""
        return next((visit for visit in self.open if visit.id == number), None)

    def fork(self, number: int) -> Fork:
        """The fork of that number. Raises StopIteration."""
        return next(fork for fork in self.forks if fork.id == number)

    def lane(self, number: int) -> Lane | None:
        """The lane of that number; None for the main one."""
        return next((lane for lane in self.lanes if lane.id == number), None)

    def item(self, lane: int) -> tuple[str, str] | None:
        """The innermost loop around a lane and the row it is at: (the loop's step, the row's id)."""
        here = self.lane(lane)
        while here is not None:
            fork = self.fork(here.fork)
            if here.item:
                return fork.step, here.item
            here = self.lane(fork.lane)
        return None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives the same state back."""
        split = {
            "forks": [fork.to_json() for fork in self.forks],
            "lanes": [[lane.id, lane.fork, lane.number, lane.item] for lane in self.lanes],
            "splits": self.splits,
        }
        return {
            "initiator": self.initiator,
            "status": self.status,
            "visits": self.visits,
            "open": [visit.to_json() for visit in self.open],
            "entering": [entry.to_json() for entry in self.entering],
            "deciders": {step: list(who) for step, who in self.deciders.items()},
            "rejections": dict(self.rejections),
            "done": list(self.done),
            **(split if self.splits else {}),
            **({"agreed": {step: list(who) for step, who in self.agreed.items()}} if self.agreed else {}),
            **({"last": self.last.to_json()} if self.last else {}),
            **({"skips": [list(skip) for skip in self.skips]} if self.skips else {}),
            **({"chosen": {step: list(who) for step, who in self.chosen.items()}} if self.chosen else {}),
            **({"offered": {step: list(who) for step, who in self.offered.items()}} if self.offered else {}),
            **({"straight": dict(self.straight)} if self.straight else {}),
            **({"called": True} if self.called else {}),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "RunState":
        """What `to_json` wrote."""
        return cls(
            initiator=raw["initiator"],
            status=raw["status"],
            visits=raw["visits"],
            open=tuple(Visit.from_json(visit) for visit in raw["open"]),
            entering=tuple(Entry.from_json(entry) for entry in raw["entering"]),
            deciders={step: tuple(who) for step, who in raw["deciders"].items()},
            rejections=dict(raw["rejections"]),
            done=tuple(raw["done"]),
            forks=tuple(Fork.from_json(fork) for fork in raw.get("forks", ())),
            lanes=tuple(Lane(*lane) for lane in raw.get("lanes", ())),
            splits=raw.get("splits", 0),
            agreed={step: tuple(who) for step, who in raw.get("agreed", {}).items()},
            last=Last.from_json(raw["last"]) if "last" in raw else None,
            skips=tuple(blame_of(skip) for skip in raw.get("skips", ())),
            chosen={step: tuple(who) for step, who in raw.get("chosen", {}).items()},
            offered={step: tuple(who) for step, who in raw.get("offered", {}).items()},
            straight=dict(raw.get("straight", {})),
            called=raw.get("called", False),
        )
