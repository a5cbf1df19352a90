"""A piece of the picture: nodes around a line that runs from left to right."""

from dataclasses import dataclass, field

from flow_engine.bpmn.graph import Node

GAP, BETWEEN = 50, 30
"""Between neighbours on the line; between rows."""


@dataclass
class Block:
    """Places are relative: x from the block's left side, y from its line. `first` and `last` are the ids where the walk
    comes in and goes out (None: it does not go on)."""

    first: str
    last: str | None
    nodes: list[Node] = field(default_factory=list)
    width: int = 0
    above: int = 0
    below: int = 0

    @classmethod
    def of(cls, node: Node) -> "Block":
        """A single node, on the line."""
        width, height = node.size
        node.x, node.y = 0, -(height // 2)
        return cls(node.id, node.id, [node], width, height // 2, height - height // 2)

    def shift(self, x: int, y: int) -> None:
        """Move everything, with what is inside."""
        for outer in self.nodes:
            for node in (outer, *(outer.inside.all_nodes() if outer.inside else ())):
                node.x += x
                node.y += y

    def append(self, other: "Block") -> None:
        """Put another block to the right, on the same line."""
        other.shift(self.width + GAP, 0)
        self.nodes += other.nodes
        self.width += GAP + other.width
        self.above, self.below = max(self.above, other.above), max(self.below, other.below)
        self.last = other.last

    def hang(self, other: "Block", x: int) -> None:
        """Put another block below everything, its left side at `x`."""
        line = self.below + BETWEEN + other.above
        other.shift(x, line)
        self.nodes += other.nodes
        self.width, self.below = max(self.width, x + other.width), line + other.below


def stacked(blocks: list[Block], *, free: bool = False) -> Block:
    """One above the other, the line in the middle of all. It has neither first nor last. `free` keeps the line itself
    free of shapes, for an edge that passes."""
    upper = blocks[: (len(blocks) + 1) // 2] if free else []
    whole = Block("", None)
    if free:
        above = sum(block.above + block.below + BETWEEN for block in upper)
        _pile(whole, upper, -above)
        _pile(whole, blocks[len(upper) :], BETWEEN)
        return whole
    height = sum(block.above + block.below for block in blocks) + BETWEEN * (len(blocks) - 1)
    _pile(whole, blocks, -(height // 2))
    return whole


def _pile(whole: Block, blocks: list[Block], top: int) -> None:
    whole.above = max(whole.above, -top)
    for block in blocks:
        block.shift(0, top + block.above)
        top += block.above + block.below + BETWEEN
        whole.nodes += block.nodes
        whole.width = max(whole.width, block.width)
        whole.below = max(whole.below, top - BETWEEN)
