"""Which fields of a record somebody may see and change.

A grant lists fields by path: `lines.applied` (a column) overrides `lines` (its table), and `*` is every field that is
not listed, future ones too. Naming a column shows its table, or the column could not be reached.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Level(StrEnum):
    """What may be done with one field. Compares equal to its plain word (`"write"`); `rank` orders."""

    HIDDEN = "hidden"
    READ = "read"
    WRITE = "write"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK: Final = {Level.HIDDEN: 0, Level.READ: 1, Level.WRITE: 2}

TITLE: Final = "@title"
"""The path under which the right to the whole title stands: who may not read all that it names sees a part of it."""


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """A level for every field path. Immutable.

    `|` adds grants up: the higher level of each path wins. `&` keeps what both allow. `starts` belongs to the rights on
    a new record alone and stands in no sum.
    """

    paths: Mapping[str, Level] = field(default_factory=dict)
    rest: Level = Level.HIDDEN
    starts: frozenset[tuple[str, str]] = frozenset()
    """The statuses (field, option) at which somebody may choose to begin a new record."""
    _tables: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", MappingProxyType(dict(self.paths)))
        shown = (path.partition(".") for path, level in self.paths.items() if level is not Level.HIDDEN)
        object.__setattr__(self, "_tables", frozenset(table for table, dot, _ in shown if dot))

    @classmethod
    def of_grant(cls, grant: Mapping[str, str], rest: Level = Level.HIDDEN) -> "FieldAccess":
        """From a definition's `fields`; `rest` holds where the grant has no `*`."""
        paths = {path: Level(level) for path, level in grant.items() if path != "*"}
        return cls(paths, Level(grant.get("*", rest)))

    def of(self, path: str) -> Level:
        """The level of `amount`, `lines` or `lines.applied`."""
        level = self._listed(path)
        return Level.READ if level is Level.HIDDEN and path in self._tables else level

    def may_read(self, path: str) -> bool:
        return self.of(path) is not Level.HIDDEN

    def may_write(self, path: str) -> bool:
        return self.of(path) is Level.WRITE

    def at_most(self, level: Level) -> "FieldAccess":
        """The same, but never above `level` (a record that nobody may edit: `at_most(Level.READ)`)."""

        def lower(given: Level) -> Level:
            return min(given, level, key=lambda one: one.rank)

        return FieldAccess({path: lower(given) for path, given in self.paths.items()}, lower(self.rest))

    def __or__(self, other: "FieldAccess") -> "FieldAccess":
        return self._joined(other, _higher)

    def __and__(self, other: "FieldAccess") -> "FieldAccess":
        return self._joined(other, _lower)

    def _joined(self, other: "FieldAccess", pick: Callable[[Level, Level], Level]) -> "FieldAccess":
        paths: Iterable[str] = {*self.paths, *other.paths}
        return FieldAccess(
            {path: pick(self._listed(path), other._listed(path)) for path in paths}, pick(self.rest, other.rest)
        )

    def _listed(self, path: str) -> Level:
        level = self.paths.get(path)
        if level is None and "." in path:
            level = self.paths.get(path.partition(".")[0])
        return self.rest if level is None else level


def _higher(left: Level, right: Level) -> Level:
    return left if left.rank >= right.rank else right


def _lower(left: Level, right: Level) -> Level:
    return left if left.rank <= right.rank else right


NOTHING: Final = FieldAccess()
READ_ALL: Final = FieldAccess(rest=Level.READ)
WRITE_ALL: Final = FieldAccess(rest=Level.WRITE)
