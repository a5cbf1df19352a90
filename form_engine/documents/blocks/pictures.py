"""`image` and `signature`: pictures from the record's own files, or one that the definition itself holds (a logo)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, kw_only=True)
class Image(Block):
    """The pictures of a field (`value`, a path), or a `file`; `width` and `height` in mm bound each, 0: as it fits."""

    value: Formula | None = None
    file: str | None = None
    width: float = 0
    height: float = 0
    align: str = "left"

    def uses(self) -> Iterator[Use]:
        if self.value is not None:
            yield Use(self.value.at, self.value, gives=("files",))

    def files(self) -> Iterator[tuple[str, str]]:
        if self.file is not None:
            yield f"{self.at}/file", self.file

    def draw(self, pen: "Pen") -> Iterator[Node]:
        found = (self.file,) if self.file is not None else pen.files(self.value)
        shown = [each for each in found if pen.is_picture(each)]
        if shown:
            size = {"width": self.width, "height": self.height}
            yield {"is": "images", "files": shown, "align": self.align, **size}


@dataclass(frozen=True, kw_only=True)
class Signature(Block):
    """A signature field's picture over a line; a blank one leaves room for a pen."""

    value: Formula | None = None
    label: Phrase | None = None
    width: float = 60

    def uses(self) -> Iterator[Use]:
        if self.value is not None:
            yield Use(self.value.at, self.value, gives=("files",))
        yield from uses_of(self.label)

    def draw(self, pen: "Pen") -> Iterator[Node]:
        if self.value is not None and not pen.may_read(self.value):
            return
        found = [each for each in pen.files(self.value) if pen.is_picture(each)]
        label = pen.say(self.label) if self.label is not None else pen.label(self.value) if self.value else ""
        yield {"is": "signature", "file": found[0] if found else None, "label": label, "width": self.width}


def _image(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Image:
    if ("value" in raw) == ("file" in raw):
        raise ConfigError(at, "value_or_file")
    return Image(
        **frame(raw, at),
        value=formula_at(raw, "value", at),
        file=raw.get("file"),
        width=millimetres(raw.get("width")),
        height=millimetres(raw.get("height")),
        align=raw.get("align", "left"),
    )


def _signature(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Signature:
    value, label = formula_at(raw, "value", at), phrase_at(raw, "label", at)
    return Signature(**frame(raw, at), value=value, label=label, width=millimetres(raw.get("width"), 60))


IMAGE = BlockType(
    "image",
    {"value": FORMULA, "file": {"$ref": "#/$defs/file"}, "width": LENGTH, "height": LENGTH, "align": ALIGN},
    _image,
)
SIGNATURE = BlockType("signature", {"value": FORMULA, "label": TEXT, "width": LENGTH}, _signature)
