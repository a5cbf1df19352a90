"""`rows`: the rows of a table field, or the records that link here, with columns and totals.

Columns read `row.`. Records of another form are found in the database, so their `where` reads `target.` as every
filter does, and the rows are those that the reader could list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from form_engine.documents.blocks.base import (
    ALIGN,
    FORMULA,
    TEXT,
    Block,
    BlockType,
    Node,
    ParseBlocks,
    Use,
    formula_at,
    frame,
    phrase_at,
    uses_of,
)
from form_engine.documents.phrase import Phrase
from form_engine.fields.base import ConfigError
from form_engine.fields.expression import Formula, read_formula
from form_engine.formula import Name, RecordValue, Value

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen

MOST: Final = 1_000
FEW: Final = 200
TOTALS: Final = ("sum", "average", "min", "max", "count")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its value by `row.`, and the figure below it."""

    value: Formula
    label: Phrase | None = None
    align: str | None = None
    total: str | None = None
    width: int = 1


@dataclass(frozen=True, kw_only=True)
class Rows(Block):
    """`source` is a table of the own form, or a form whose field `via` links here. `sort`: keys as lists take them."""

    source: str
    via: str | None
    columns: tuple[Column, ...]
    where: Formula | None = None
    sort: tuple[str, ...] = ()
    limit: int = FEW
    numbered: bool = False
    empty: Phrase | None = None
    by: Mapping[str, tuple[Formula, bool]] = field(default_factory=dict, compare=False)

    @property
    def scope(self) -> str:
        """What `row.` is: `order`, or `.lines` for a table of the document's own form."""
        return self.source if self.via is not None else f".{self.source}"

    def uses(self) -> Iterator[Use]:
        for column in self.columns:
            yield Use(column.value.at, column.value, row=self.scope)
            yield from uses_of(column.label)
        for formula, _ in self.by.values():
            yield Use(formula.at, formula, row=self.scope)
        if self.where is not None:
            seen = {"row": self.scope} if self.via is None else {"target": self.scope}
            yield Use(self.where.at, self.where, **seen, gives=("logical",))
        yield from uses_of(self.empty)

    def draw(self, pen: "Pen") -> Iterator[Node]:
        shown = [column for column in self.columns if pen.may_read(column.value, self.scope)]
        found, more = pen.rows_of(self)
        if not shown or found is None:
            return
        if not found:
            if self.empty is not None:
                yield {"is": "words", "text": pen.say(self.empty), "level": 0, "align": "left", "muted": True}
            return
        yield {
            "is": "rows",
            "columns": [self._head(pen, column) for column in shown],
            "numbered": self.numbered,
            "rows": [[pen.words(column.value, self.scope, row) for column in shown] for row in found],
            "totals": self._totals(pen, shown, found),
            "total": pen.word("total"),
            "more": pen.word("more", count=more) if more else "",
        }

    def _head(self, pen: "Pen", column: Column) -> Node:
        label = pen.say(column.label) if column.label is not None else pen.label(column.value, self.scope)
        align = column.align or ("right" if pen.is_number(column.value, self.scope) else "left")
        return {"label": label, "align": align, "width": column.width}

    def _totals(self, pen: "Pen", columns: list[Column], rows: tuple[RecordValue, ...]) -> list[str] | None:
        if not any(column.total for column in columns):
            return None
        return [self._total(pen, column, rows) if column.total else "" for column in columns]

    def _total(self, pen: "Pen", column: Column, rows: tuple[RecordValue, ...]) -> str:
        values = [pen.value(column.value, self.scope, row) for row in rows]
        if column.total == "count":
            return str(sum(value is not None for value in values))
        numbers = [value for value in values if isinstance(value, Decimal)]
        wrong = next((value for value in values if pen.is_error(value)), None)
        return pen.spell(column.value, wrong if wrong is not None else _figure(column.total, numbers), self.scope)


def _figure(which: str | None, numbers: list[Decimal]) -> Value:
    if which == "sum":
        return sum(numbers, Decimal(0))
    if not numbers:
        return None
    if which == "average":
        return sum(numbers, Decimal(0)) / len(numbers)
    return min(numbers) if which == "min" else max(numbers)


def _parse(raw: Mapping[str, Any], at: str, _: ParseBlocks) -> Rows:
    linked = isinstance(raw["of"], dict)
    source = raw["of"]["form"] if linked else raw["of"]
    via = raw["of"]["via"] if linked else None
    sort = tuple(raw.get("sort", ()))
    by = {} if linked else {key: _sort_formula(key, f"{at}/sort/{place}") for place, key in enumerate(sort)}
    return Rows(
        **frame(raw, at),
        source=source,
        via=via,
        columns=tuple(_column(each, f"{at}/columns/{place}") for place, each in enumerate(raw["columns"])),
        where=formula_at(raw, "where", at),
        sort=sort,
        limit=raw.get("limit", FEW if linked else MOST),
        numbered=raw.get("numbered", False),
        empty=phrase_at(raw, "empty", at),
        by=by,
    )


def _sort_formula(key: str, at: str) -> tuple[Formula, bool]:
    return read_formula(f"row.{key.removeprefix('-')}", at), key.startswith("-")


def _column(raw: Any, at: str) -> Column:
    if isinstance(raw, str):
        raw = {"value": raw}
    value = read_formula(raw["value"], f"{at}/value")
    if "label" not in raw and not isinstance(value.node, Name):
        raise ConfigError(f"{at}/label", "label_needed")
    label = phrase_at(raw, "label", at)
    return Column(value, label, raw.get("align"), raw.get("total"), raw.get("width", 1))


_KEY = {"$ref": "#/$defs/key"}
_COLUMN = {
    "type": "object",
    "required": ["value"],
    "additionalProperties": False,
    "properties": {
        "value": FORMULA,
        "label": TEXT,
        "align": ALIGN,
        "total": {"enum": list(TOTALS)},
        "width": {"type": "integer", "minimum": 1, "maximum": 12},
    },
}
_LINKED = {
    "type": "object",
    "required": ["form", "via"],
    "additionalProperties": False,
    "properties": {"form": _KEY, "via": _KEY},
}

TYPE = BlockType(
    "rows",
    {
        "of": {"anyOf": [_KEY, _LINKED]},
        "columns": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"anyOf": [FORMULA, _COLUMN]}},
        "where": FORMULA,
        "sort": {
            "type": "array",
            "maxItems": 4,
            "items": {"type": "string", "pattern": "^-?[a-z][a-z0-9_]{0,62}$"},
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST},
        "numbered": {"type": "boolean"},
        "empty": TEXT,
    },
    _parse,
    required=("of", "columns"),
)
