"""The syntax tree: three kinds of node, each with the place in the text that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal as OneOf
from typing import TypeAlias

Root: TypeAlias = OneOf["own", "row", "target", "old"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, TRUE, FALSE, or (only from stored trees) a blank."""

    value: Decimal | str | bool | None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A field, walked from the own record, the current row or the candidate: `order.customer.name`.

    `old` is the own record as it was before a change; only the checker finds it, where there is one. An empty path is
    the row or the candidate itself.
    """

    root: Root
    path: tuple[str, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ".".join(self.path if self.root == "own" else (self.root, *self.path))


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator over its arguments; both live in one registry, so both are one kind of node.

    A chain of one operator is one call: `a - b - c` is `-` over three arguments, folded from the left. A list
    `{a, b}` is the function LIST.
    """

    function: str
    args: tuple[Node, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Node: TypeAlias = Literal | Name | Call


def walk(node: Node) -> Iterator[Node]:
    """Every node, parents before children, without recursion."""
    waiting: list[Node] = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, Call):
            waiting.extend(reversed(found.args))
