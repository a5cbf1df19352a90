"""What every trigger type gives: its JSON shape, how it is read, and what a check must look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from formloom.errors import Issue

from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Formula
from form_engine.definition import CompiledForm


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What starts a flow's runs, on records for which `when` holds (always, without it)."""

    name: ClassVar[str]
    holds: ClassVar[bool] = False
    """Whether its runs hold their record unless the flow says otherwise: nobody else edits it meanwhile."""

    when: Formula | None = None

    def uses(self) -> Uses:
        """What must exist and fit. A subclass adds to it."""
        return Uses(conditions=(("/when", self.when),) if self.when else ())

    def problems(self, form: CompiledForm) -> Iterator[Issue]:
        """What is wrong with it besides; pointers below the trigger."""
        yield from ()


@dataclass(frozen=True, slots=True, eq=False)
class TriggerType:
    """A registered type.

    `schema` lists the properties beyond `on` and `when`; `required` which of them must be there.
    """

    name: str
    schema: Mapping[str, Any]
    parse: Callable[[Mapping[str, Any]], Trigger]
    required: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of properties of which exactly one must be there."""


def when_of(raw: Mapping[str, Any]) -> Formula | None:
    """The condition, if it has one."""
    return Formula(raw["when"]) if "when" in raw else None
