"""`qr`: a QR code of a formula's text, of the record's own address, or of the open link of a guest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from form_engine.documents.blocks.base import (
    ALIGN,
    FORMULA,
    LENGTH,
    TEXT,
    Block,
    BlockType,
    Node,
    ParseBlocks,
    Use,
    formula_at,
    frame,
    millimetres,
    phrase_at,
    uses_of,
)
from form_engine.documents.phrase import Phrase
from form_engine.fields.base import ConfigError
from form_engine.fields.expression import Formula

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen

_QUIET: Final = 2
LONGEST: Final = 500
"""Characters: a longer text would be a code that no phone reads from paper."""


@dataclass(frozen=True, kw_only=True)
class Code(Block):
    """`link`: `record` or `guest`; `label` stands below the code."""

    value: Formula | None = None
    link: str | None = None
    label: Phrase | None = None
    size: float = 28
    align: str = "left"

    def uses(self) -> Iterator[Use]:
        if self.value is not None:
            yield Use(self.value.at, self.value)
        yield from uses_of(self.label)

    def draw(self, pen: "Pen") -> Iterator[Node]:
        text = pen.link(self.link) if self.link is not None else pen.words(self.value) if self.value else ""
        if text:
            label = pen.say(self.label) if self.label is not None else ""
            code = squares(text[:LONGEST])
            yield {"is": "qr", "code": code, "text": text[:LONGEST], "size": self.size, "label": label} | {
                "align": self.align
            }


def squares(text: str) -> dict[str, Any]:
    """The code as an SVG path in squares of 1, and its side with the quiet zone that readers need."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    border = 2
    path = "".join(
        f"M{x + border} {y + border}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on
    )
    return {"side": len(rows) + 2 * border, "path": path}


def _parse(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Code:
    if ("value" in raw) == ("link" in raw):
        raise ConfigError(at, "value_or_link")
    return Code(
        **frame(raw, at),
        value=formula_at(raw, "value", at),
        link=raw.get("link"),
        label=phrase_at(raw, "label", at),
        size=millimetres(raw.get("size"), 28),
        align=raw.get("align", "left"),
    )


TYPE = BlockType(
    "qr",
    {"value": FORMULA, "link": {"enum": ["record", "guest"]}, "label": TEXT, "size": LENGTH, "align": ALIGN},
    _parse,
)
