"""What follows from a decision: what is written, where the run goes on, and what happens when it keeps happening."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flow_engine.elements.reason import Reason, Text, read_reasons
from flow_engine.elements.value import Assignment, parse_set
from flow_engine.elements.who import Who, parse_people

INITIATOR = "initiator"
"""The name of the initiator where step keys are expected: as a target of a return, and in `separate`."""

BEFORE = "@before"
"""As the target of a return: the last step before that asked somebody. No step can be called so."""


@dataclass(frozen=True, slots=True)
class Again:
    """From the `after`-th rejection on, an exception is put before these people, besides what a rejection does
    anyway."""

    after: int
    to: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing a decision can lead to.

    `return_to` is a step key, BEFORE or INITIATOR; without one an approval goes on and a rejection ends the run.
    `straight`: after the rework it comes straight back. `fields` are what the initiator may edit after a return.
    """

    set: tuple[Assignment, ...] = ()
    return_to: str | None = None
    reasons: tuple[Reason, ...] = ()
    again: Again | None = None
    fields: Mapping[str, str] | None = None
    label: Text | None = None
    comment_required: bool = False
    straight: bool = False


NOTHING: Final = Outcome()
"""Sets nothing and leads on."""


def parse_outcome(raw: Mapping[str, Any] | None) -> Outcome:
    """An `on_approve`, `on_reject`… object, or one entry of `returns`."""
    if raw is None:
        return Outcome()
    target = raw.get("return_to", {})
    return Outcome(
        set=parse_set(raw.get("set")),
        return_to=INITIATOR if target.get("initiator") else BEFORE if target.get("before") else target.get("step"),
        reasons=read_reasons(raw),
        again=Again(raw["again"]["after"], parse_people(raw["again"]["to"])) if "again" in raw else None,
        fields=target.get("fields"),
        label=raw.get("label"),
        comment_required=raw.get("comment") == "required",
        straight=target.get("resume") == "straight",
    )


__all__ = ["BEFORE", "INITIATOR", "NOTHING", "Again", "Outcome", "Reason", "Text", "parse_outcome"]
