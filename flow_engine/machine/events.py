"""What can happen to a run. Events are what the journal keeps: the state is nothing but their consequence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from formloom.frozen import quick

Decision = Literal[
    "approve",
    "submit",
    "reject",
    "return",
    "resubmit",
    "withdraw",
    "acknowledge",
    "retry",
    "skip",
    "advise",
    "accept",
    "decline",
]
DECISIONS: tuple[str, ...] = get_args(Decision)


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins. `by` is its initiator; `chosen` whom they picked, by step; `called`: another run waits for its
    end."""

    by: str
    chosen: Mapping[str, tuple[str, ...]] | None = None
    called: bool | None = None


@quick
@dataclass(frozen=True, slots=True)
class Decided:
    """`by` decides the open visit. `to` names the target where a return offers several."""

    visit: int
    by: str
    decision: Decision
    reason: str | None = None
    comment: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The visit's `action`-th due action is due."""

    visit: int
    action: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The initiator calls the whole run back."""

    by: str


Act = Literal["transfer", "delegate", "add_before", "add_beside", "add_after", "take_off"]
ACTS: tuple[str, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class Reseated:
    """`by`, who is asked, changes who decides: `people` are the others that it concerns."""

    visit: int
    by: str
    act: Act
    people: tuple[str, ...]
    comment: str | None = None


StepIn = Literal["take_over", "reassign", "hand_over", "stand_in"]
STEP_INS: tuple[str, ...] = get_args(StepIn)


@dataclass(frozen=True, slots=True)
class SteppedIn:
    """Somebody outside of a visit changes who is asked there.

    `people` sit in the place of `of`; without `of`, in that of everybody. An administrator takes over or reassigns;
    whoever leaves hands over (to nobody, where `people` is empty); a proxy stands in for somebody absent.
    """

    visit: int
    by: str
    act: StepIn
    people: tuple[str, ...]
    of: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """`by` takes back what they decided in this visit, which may be over."""

    visit: int
    by: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What the run was about to do could not be done: nothing of `about` has happened, an administrator must help.

    `effect`, `step` and `item` name what failed (the class of the effect or ask; a row as `loop:row`); `code` and
    `params` say why. `about` is the event of which it was a consequence, as JSON. Without one, work outside the
    house has been given up for which `visit` waits.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] | None = None
    effect: str = ""
    step: str = ""
    item: str = ""
    visit: int | None = None


Operation = Literal["retry", "skip", "jump", "cancel"]
OPERATIONS: tuple[str, ...] = get_args(Operation)


@dataclass(frozen=True, slots=True)
class Operated:
    """An administrator helps a run, asked or not: retries or skips what failed in `visit`, goes on at `step` instead,
    or ends the run."""

    by: str
    act: Operation
    reason: str | None = None
    visit: int | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class ClockReached:
    """The run's clock has reached its `nth` threshold, counted from 0 in the order of the shares."""

    clock: str
    nth: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """What the visit waited for outside has come. `outcome` is plain JSON; the step knows its shape."""

    visit: int
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The shell's answers to what the machine asked, by the asks' keys.

    `saw` is for people who read the journal: the values that a condition was computed from. The machine does not look.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    saw: Mapping[str, Any] | None = None


Event = (
    Started
    | Decided
    | TimerFired
    | Withdrawn
    | Reseated
    | SteppedIn
    | TakenBack
    | Failed
    | Operated
    | Resumed
    | ClockReached
    | Answered
)

_NAMES: dict[str, type[Event]] = {
    "started": Started,
    "decided": Decided,
    "timer": TimerFired,
    "withdrawn": Withdrawn,
    "reseated": Reseated,
    "stepped_in": SteppedIn,
    "taken_back": TakenBack,
    "failed": Failed,
    "operated": Operated,
    "resumed": Resumed,
    "clock": ClockReached,
    "answered": Answered,
}
_NAME_OF = {kind: name for name, kind in _NAMES.items()}


def event_to_json(event: Event) -> dict[str, Any]:
    """Plain JSON; what is None is left out."""
    told = {name: getattr(event, name) for name in event.__slots__}
    return {"event": _NAME_OF[type(event)], **{name: value for name, value in told.items() if value is not None}}


def event_from_json(raw: Mapping[str, Any]) -> Event:
    """What `event_to_json` wrote."""
    told: dict[str, Any] = {name: value for name, value in raw.items() if name != "event"}
    if "people" in told:
        told["people"] = tuple(told["people"])
    if "chosen" in told:
        told["chosen"] = {step: tuple(refs) for step, refs in told["chosen"].items()}
    return _NAMES[raw["event"]](**told)
