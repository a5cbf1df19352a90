"""A formula that was found to be sound: its tree, its type, and everything that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .nodes import Node
from .types import Type

Path: TypeAlias = tuple[str, ...]

#: Functions whose answer depends on who asks or when, not on records alone.
CONTEXT_FUNCTIONS = frozenset({"TODAY", "NOW", "ME", "INITIATOR", "HASROLE"})


@dataclass(frozen=True, slots=True)
class Reads:
    """Which fields a formula reads, as paths from each root.

    A path of one key is a plain field; a longer one walks a link or a table: `("lines", "item", "price")`.
    What `row.` reads inside FILTER is a path of the table that FILTER walks, not of `row`.
    """

    own: frozenset[Path] = frozenset()
    row: frozenset[Path] = frozenset()
    target: frozenset[Path] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The own fields that must be known before this formula can be computed."""
        return frozenset(path[0] for path in self.own)

    @property
    def paths(self) -> frozenset[Path]:
        """The own paths that go through a link or a table."""
        return frozenset(path for path in self.own if len(path) > 1)


@dataclass(frozen=True, slots=True)
class Checked:
    """`node` is the resolved tree: the one that is compiled, stored and shipped."""

    node: Node
    type: Type
    reads: Reads
    functions: frozenset[str]

    @property
    def constant(self) -> bool:
        """True when it reads nothing, so that its value can be computed once."""
        return self.reads == Reads() and not self.functions & CONTEXT_FUNCTIONS
