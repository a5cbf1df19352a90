"""What orders the page: `columns` side by side, a `group` (kept together, framed if told), `divider`, `space`,
`page_break`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from form_engine.documents.blocks.base import BLOCKS, LENGTH, Block, BlockType, Node, ParseBlocks, frame, millimetres

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen


@dataclass(frozen=True, kw_only=True)
class Columns(Block):
    """Lists of blocks side by side; `widths` are shares."""

    columns: tuple[tuple[Block, ...], ...]
    widths: tuple[int, ...]

    @property
    def lists(self) -> tuple[tuple[Block, ...], ...]:
        return self.columns

    def draw(self, pen: "Pen") -> Iterator[Node]:
        drawn = [pen.draw(column) for column in self.columns]
        if any(drawn):
            yield {"is": "columns", "widths": list(self.widths), "columns": drawn}


@dataclass(frozen=True, kw_only=True)
class Group(Block):
    """Blocks that share a condition, or a frame."""

    blocks: tuple[Block, ...]
    framed: bool = False

    @property
    def lists(self) -> tuple[tuple[Block, ...], ...]:
        return (self.blocks,)

    def draw(self, pen: "Pen") -> Iterator[Node]:
        drawn = pen.draw(self.blocks)
        if drawn:
            yield {"is": "group", "framed": self.framed, "nodes": drawn}


@dataclass(frozen=True, kw_only=True)
class Mark(Block):
    """Something that shows no value."""

    shows: str
    height: float = 0

    def draw(self, pen: "Pen") -> Iterator[Node]:
        yield {"is": self.shows, **({"height": self.height} if self.shows == "space" else {})}


def _columns(raw: Mapping[str, Any], at: str, blocks: ParseBlocks) -> Columns:
    columns = tuple(blocks(each, f"{at}/columns/{place}") for place, each in enumerate(raw["columns"]))
    widths = tuple(raw.get("widths", ()))
    return Columns(**frame(raw, at), columns=columns, widths=(*widths, *(1,) * len(columns))[: len(columns)])


def _group(raw: Mapping[str, Any], at: str, blocks: ParseBlocks) -> Group:
    inside = blocks(raw["blocks"], f"{at}/blocks")
    return Group(**frame(raw, at), blocks=inside, framed=raw.get("framed", False))


def _mark(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Mark:
    return Mark(**frame(raw, at), shows=raw["type"], height=millimetres(raw.get("height"), 6))


COLUMNS = BlockType(
    "columns",
    {
        "columns": {"type": "array", "minItems": 2, "maxItems": 3, "items": BLOCKS},
        "widths": {"type": "array", "maxItems": 3, "items": {"type": "integer", "minimum": 1, "maximum": 12}},
    },
    _columns,
    required=("columns",),
)
GROUP = BlockType("group", {"blocks": BLOCKS, "framed": {"type": "boolean"}}, _group, required=("blocks",))
DIVIDER = BlockType("divider", {}, _mark)
SPACE = BlockType("space", {"height": LENGTH}, _mark)
PAGE_BREAK = BlockType("page_break", {}, _mark)
