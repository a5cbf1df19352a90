"""The live forms of a workspace at one moment: compiled together, because links and rollups make them one world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from form_engine.definition import CompiledForm
from form_engine.recalculation.routes import Routes
from form_engine.records.sources import Sources
from form_engine.rollups.parts import Feed, feeds_of


@dataclass(frozen=True)
class Forms(Mapping[str, CompiledForm]):
    """`slots[form][path]` is the typed slot of a field; `feeds[form]` are the rollups that read a form. Immutable.

    `filling` are the fields (form, path) whose slot older records have yet to get: written already, not asked yet.
    """

    compiled: Mapping[str, CompiledForm]
    slots: Mapping[str, Mapping[str, str]]
    filling: frozenset[tuple[str, str]] = frozenset()
    feeds: Mapping[str, tuple[Feed, ...]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "feeds", feeds_of(self.compiled.values()))

    def __getitem__(self, key: str) -> CompiledForm:
        return self.compiled[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.compiled)

    def __len__(self) -> int:
        return len(self.compiled)

    @property
    def versions(self) -> dict[str, int]:
        """Which version of each form is live."""
        return {key: form.version for key, form in self.compiled.items()}

    @cached_property
    def mark(self) -> int:
        """A number that changes whenever a form is published: versions only go up."""
        return sum(form.version for form in self.compiled.values())

    @cached_property
    def remembered(self) -> dict[tuple[object, ...], Any]:
        """What follows from these forms and somebody's roles, kept as long as the forms are."""
        return {}

    def slot(self, form: str, path: str) -> str | None:
        """The slot that a question may use."""
        return None if (form, path) in self.filling else self.slots.get(form, {}).get(path)

    @cached_property
    def routes(self) -> Routes:
        """Which changes reach what is stored beside other records."""
        return Routes(self.compiled, self.slots, self.feeds)

    @cached_property
    def sources(self) -> Sources:
        """What computed fields are computed from."""
        return Sources(self.compiled)
