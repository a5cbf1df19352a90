"""`heading` and `paragraph`: text with placeholders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from form_engine.documents.blocks.base import ALIGN, TEXT, Block, BlockType, Node, ParseBlocks, Use, frame, uses_of
from form_engine.documents.phrase import Phrase, read_phrase

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen


@dataclass(frozen=True, kw_only=True)
class Words(Block):
    """`level` 1 to 3 makes it a heading, 0 a paragraph."""

    text: Phrase
    level: int = 0
    align: str = "left"
    size: str = "normal"
    bold: bool = False
    muted: bool = False

    def uses(self) -> Iterator[Use]:
        return uses_of(self.text)

    def draw(self, pen: "Pen") -> Iterator[Node]:
        said = pen.say(self.text)
        if said.strip():
            look = {"align": self.align, "size": self.size, "bold": self.bold, "muted": self.muted}
            yield {"is": "words", "text": said, "level": self.level, **look}


def _heading(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Words:
    text = read_phrase(raw["text"], f"{at}/text")
    return Words(**frame(raw, at), text=text, level=raw.get("level", 1), align=raw.get("align", "left"))


def _paragraph(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Words:
    look = {key: raw[key] for key in ("align", "size", "bold", "muted") if key in raw}
    return Words(**frame(raw, at), text=read_phrase(raw["text"], f"{at}/text"), **look)


HEADING = BlockType(
    "heading",
    {"text": TEXT, "level": {"type": "integer", "minimum": 1, "maximum": 3}, "align": ALIGN},
    _heading,
    required=("text",),
)
PARAGRAPH = BlockType(
    "paragraph",
    {
        "text": TEXT,
        "align": ALIGN,
        "size": {"enum": ["small", "normal", "large", "huge"]},
        "bold": {"type": "boolean"},
        "muted": {"type": "boolean"},
    },
    _paragraph,
    required=("text",),
)
