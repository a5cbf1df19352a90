"""A flow as BPMN sees it: nodes and edges in scopes, with their places on paper. Sizes and places are in pixels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Trigger: TypeAlias = tuple[str, Mapping[str, str], str, str]
"""The definition of an event: its tag and attributes, and the tag and text of an expression inside it."""

TASK = (140, 70)
GATEWAY = (50, 50)
EVENT = (36, 36)


@dataclass
class Node:
    """One element. `tag` is BPMN's name for it; `x` and `y` are its upper left corner.

    `inside`: what a sub-process holds. `host`: the activity on whose border an event sits. `many`:
    it is done once for each element of this collection.
    """

    id: str
    tag: str
    name: str = ""
    size: tuple[int, int] = TASK
    x: int = 0
    y: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    documentation: str = ""
    owners: tuple[str, ...] = ()
    event: Trigger | None = None
    many: "Many | None" = None
    inside: "Scope | None" = None
    host: str = ""

    @property
    def middle(self) -> tuple[int, int]:
        """The centre."""
        return self.x + self.size[0] // 2, self.y + self.size[1] // 2


@dataclass(frozen=True, slots=True)
class Many:
    """Once for each element of a collection, one after another or at once; `until` ends it before all are through."""

    collection: str
    item: str
    one_by_one: bool
    until: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another, where `condition` holds; `default`: where no other does."""

    source: str
    target: str
    name: str = ""
    condition: str = ""
    default: bool = False

    def id(self, number: int) -> str:
        """Unique among the edges of a process."""
        return f"flow_{number}_{self.source}_{self.target}"


@dataclass
class Scope:
    """The process, or the inside of a sub-process."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def node(self, key: str) -> Node:
        """The node of that id. Raises KeyError."""
        for node in self.nodes:
            if node.id == key:
                return node
        raise KeyError(key)

    def all_nodes(self) -> Iterator[Node]:
        """Every node, those inside of others too."""
        for node in self.nodes:
            yield node
            if node.inside is not None:
                yield from node.inside.all_nodes()
