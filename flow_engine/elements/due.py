"""By when a step wants its answer, and what happens on the way there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flow_engine.elements.duration import parse_duration, share_of
from flow_engine.elements.who import Who, parse_people


@dataclass(frozen=True, slots=True)
class Remind:
    """Tell those who are still asked."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell somebody else that nothing happens; the task shows itself to them, the decision stays where it was."""

    to: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class DueAction:
    """Do it `after` the step opened, and then again `every` so often, if at all, while the step is open."""

    after: timedelta
    every: timedelta | None
    do: Remind | Escalate


@dataclass(frozen=True, slots=True)
class Due:
    """The answer is due `within` the opening."""

    within: timedelta
    then: tuple[DueAction, ...] = ()


def parse_due(raw: Mapping[str, Any] | None) -> Due | None:
    """A `due` object. An action without `at` happens at the end, `every` also says when the first time is."""
    within = parse_duration(raw["in"]) if raw else None
    if raw is None or within is None:
        return None
    return Due(within, tuple(_action(one, within) for one in raw.get("then", ())))


def _action(raw: Mapping[str, Any], within: timedelta) -> DueAction:
    every = parse_duration(raw["remind"].get("every", "")) if "remind" in raw else None
    if every is not None:
        return DueAction(every, every, Remind())
    if "remind" in raw:  # {"remind": {"at": "start"}}
        return DueAction(timedelta(0), None, Remind())
    after = share_of(within, Decimal(raw["at"]))
    return DueAction(after, None, Remind() if raw["do"] == "remind" else Escalate(parse_people(raw["to"])))
