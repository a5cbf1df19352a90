"""`fields`: a grid of labels and values. An item is a path (`order.customer.name`), or a formula with a label."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from form_engine.documents.blocks.base import FORMULA, TEXT, Block, BlockType, Node, ParseBlocks, Use, frame
from form_engine.documents.phrase import Phrase, read_phrase
from form_engine.fields.base import ConfigError
from form_engine.fields.expression import Formula, read_formula
from form_engine.formula import Name

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen


@dataclass(frozen=True, slots=True)
class Labelled:
    """A formula with what stands beside it; without a label of its own: the field's."""

    value: Formula
    label: Phrase | None = None
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class FieldGrid(Block):
    """`blank`: a value that is blank shows a dash, or the item is left out."""

    items: tuple[Labelled, ...]
    columns: int = 2
    blank: str = "dash"

    def uses(self) -> Iterator[Use]:
        for item in self.items:
            yield Use(item.value.at, item.value)
            if item.label is not None:
                yield from (Use(each.at, each) for each in item.label.formulas())

    def draw(self, pen: "Pen") -> Iterator[Node]:
        shown = []
        for item in self.items:
            if not pen.may_read(item.value):
                continue
            words = pen.words(item.value)
            if words or self.blank == "dash":
                label = pen.say(item.label) if item.label is not None else pen.label(item.value)
                shown.append({"label": label, "text": words or "—", "wide": item.wide})
        if shown:
            yield {"is": "fields", "columns": self.columns, "items": shown}


def read_labelled(raw: Any, at: str) -> Labelled:
    """An item as it stands in a definition. Raises ConfigError `label_needed` where no field gives a label."""
    if isinstance(raw, str):
        raw = {"value": raw}
    value = read_formula(raw["value"], f"{at}/value" if isinstance(raw, dict) else at)
    if "label" not in raw and not isinstance(value.node, Name):
        raise ConfigError(f"{at}/label", "label_needed")
    return Labelled(value, read_phrase(raw["label"], f"{at}/label") if "label" in raw else None, raw.get("wide", False))


def _parse(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> FieldGrid:
    items = tuple(read_labelled(each, f"{at}/items/{place}") for place, each in enumerate(raw["items"]))
    return FieldGrid(**frame(raw, at), items=items, columns=raw.get("columns", 2), blank=raw.get("blank", "dash"))


_ITEM = {
    "type": "object",
    "required": ["value"],
    "additionalProperties": False,
    "properties": {"value": FORMULA, "label": TEXT, "wide": {"type": "boolean"}},
}

TYPE = BlockType(
    "fields",
    {
        "items": {"type": "array", "minItems": 1, "maxItems": 200, "items": {"anyOf": [FORMULA, _ITEM]}},
        "columns": {"type": "integer", "minimum": 1, "maximum": 4},
        "blank": {"enum": ["dash", "hide"]},
    },
    _parse,
    required=("items",),
)
