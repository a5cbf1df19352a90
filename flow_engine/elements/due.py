"""By when a step wants its answer, and what happens on the way there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from flow_engine.elements.value import Formula
from flow_engine.elements.who import Who, parse_people

START: Final = Decimal(0)
END: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Length:
    """How long: an ISO 8601 duration, or a formula that gives minutes or a duration. Under a calendar only working time
    counts."""

    of: str | Formula
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a length, in the time that counts for it: half of eight working hours is four of them."""

    length: Length
    share: Decimal = END


@dataclass(frozen=True, slots=True)
class Remind:
    """Tell those who are still asked."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell somebody else that nothing happens; the task shows itself to them, the decision stays where it was."""

    to: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class Decide:
    """The time itself decides: the step passes, or is rejected. The course of the run shows it."""

    as_: Literal["pass", "reject"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Others are asked instead of those who have not answered; the administrators, where there are none."""

    to: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class DueAction:
    """Do it when this `part` has passed since the step opened, and then again `every` so often, if at all, while the
    step is open."""

    part: Part
    every: Part | None
    do: Remind | Escalate | Decide | Transfer


@dataclass(frozen=True, slots=True)
class Due:
    """The answer is due `within` the opening."""

    within: Length
    then: tuple[DueAction, ...] = ()


def parse_length(raw: str | Mapping[str, Any], calendar: str | None = None) -> Length:
    """A duration, or `{"=": formula}`."""
    return Length(raw if isinstance(raw, str) else Formula(raw["="]), calendar)


def parse_due(raw: Mapping[str, Any] | None) -> Due | None:
    """A `due` object. An action without `at` happens at the end, `every` also says when the first time is."""
    if raw is None:
        return None
    within = parse_length(raw["in"], raw.get("calendar"))
    return Due(within, tuple(_action(one, within) for one in raw.get("then", ())))


def _action(raw: Mapping[str, Any], within: Length) -> DueAction:
    if "remind" in raw:
        every = Part(Length(raw["remind"]["every"], within.calendar)) if "every" in raw["remind"] else None
        return DueAction(every or Part(within, START), every, Remind())
    part = Part(within, Decimal(raw["at"]))
    match raw["do"]:
        case "remind":
            return DueAction(part, None, Remind())
        case "escalate":
            return DueAction(part, None, Escalate(parse_people(raw["to"])))
        case "transfer":
            return DueAction(part, None, Transfer(parse_people(raw["to"])))
        case decides:
            return DueAction(part, None, Decide(decides))


def lengths_in(due: Due | None) -> Iterator[tuple[str, Length]]:
    """How long it all takes, each with the pointer below the step."""
    if due is not None:
        yield ("/due/in/=" if isinstance(due.within.of, Formula) else "/due/in"), due.within
        repeated = ((number, action.every) for number, action in enumerate(due.then))
        yield from ((f"/due/then/{number}/remind/every", every.length) for number, every in repeated if every)


def calendars_in(due: Due | None) -> Iterator[tuple[str, str]]:
    """The calendar that it names."""
    if due is not None and due.within.calendar is not None:
        yield "/due/calendar", due.within.calendar


def people_in(due: Due | None) -> Iterator[tuple[str, tuple[Who, ...]]]:
    """Whom the actions name, each with the pointer below the step."""
    for number, action in enumerate(due.then if due else ()):
        if isinstance(action.do, Escalate | Transfer):
            yield f"/due/then/{number}/to", action.do.to
