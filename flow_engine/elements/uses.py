"""What a step or a trigger relies on."""

from dataclasses import dataclass

from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import Who


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Each with the pointer, below the step or the trigger, at which it stands. Publishing checks them all."""

    people: tuple[tuple[str, tuple[Who, ...]], ...] = ()
    conditions: tuple[tuple[str, Formula], ...] = ()
    moments: tuple[tuple[str, Formula], ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    writes: tuple[tuple[str, tuple[Assignment, ...]], ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    durations: tuple[tuple[str, str], ...] = ()
