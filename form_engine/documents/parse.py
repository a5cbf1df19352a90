"""JSON → `DocumentDef`: the frame first, then every block by the schema of its type; every issue with a pointer."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from formloom.errors import InvalidDefinition, Issue

from form_engine.definition.bounds import check_bounds, distinct
from form_engine.documents.blocks import BY_NAME, Block
from form_engine.documents.blocks.base import formula_at, millimetres, phrase_at
from form_engine.documents.model import DocumentDef, Page
from form_engine.fields.base import ConfigError
from form_engine.fields.expression import read_formula
from form_engine.schemas import Checker, schema

CODES: Final = (
    "placeholder_open",
    "label_needed",
    "value_or_file",
    "value_or_link",
    "unknown_block",
    "too_many_blocks",
    "margins_too_wide",
)
MOST: Final = 500
SIZES: Final[Mapping[str, tuple[float, float]]] = {
    "A3": (297, 420),
    "A4": (210, 297),
    "A5": (148, 210),
    "A6": (105, 148),
    "B5": (176, 250),
    "Letter": (215.9, 279.4),
    "Legal": (215.9, 355.6),
}
_SIDES: Final = ("top", "right", "bottom", "left")
_LEAST_ROOM: Final = 20
"""mm that must be left between margins."""


def parse_document(raw: object) -> DocumentDef:
    """The document that `raw` describes. Raises InvalidDefinition with every issue, and nothing else."""
    check_bounds(raw)
    issues = list(_frame().issues(raw))
    if issues or not isinstance(raw, dict):
        raise InvalidDefinition("invalid_definition", issues=distinct(issues))
    reader = _Reader()
    document = reader.document(raw)
    if reader.issues or document is None:
        raise InvalidDefinition("invalid_definition", issues=distinct(reader.issues))
    return document


@cache
def _frame() -> Checker:
    return Checker(schema("document"))


@cache
def _block(name: str) -> Checker:
    """Checks the keys of one type of block. Blocks inside are checked when they are read."""
    kind, shared = BY_NAME[name], schema("document")["$defs"]
    return Checker(
        {
            "type": "object",
            "required": ["type", *kind.required],
            "properties": {"type": {"const": name}, "when": {"$ref": "#/$defs/formula"}, **kind.schema},
            "additionalProperties": False,
            "$defs": shared,
        }
    )


class _Reader:
    """One reading. Goes on past what is wrong, so that `issues` tells everything."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.count = 0

    def document(self, raw: Mapping[str, Any]) -> DocumentDef | None:
        """The document; None (and issues) where a formula of the frame does not parse."""
        blocks = self.blocks(raw.get("blocks", []), "/blocks")
        if self.count > MOST:
            self.issues.append(Issue("/blocks", "too_many_blocks", {"max": MOST}))
        try:
            values = [(name, read_formula(text, f"/values/{name}")) for name, text in raw.get("values", {}).items()]
            return DocumentDef(
                key=raw["key"],
                title=raw["title"],
                form=raw["form"],
                page=self.page(raw.get("page", {})),
                blocks=blocks,
                docx=raw.get("docx"),
                values=tuple(values),
                name=phrase_at(raw, "name", ""),
                when=formula_at(raw, "when", ""),
                roles=frozenset(raw.get("roles", ())),
            )
        except ConfigError as error:
            self.issues.append(error.issue)
            return None

    def page(self, raw: Mapping[str, Any]) -> Page:
        """The page, as it is held. Raises ConfigError."""
        width, height = _size(raw.get("size", "A4"))
        if raw.get("orientation") == "landscape":
            width, height = max(width, height), min(width, height)
        margins = _margins(raw.get("margins"))
        if margins[1] + margins[3] > width - _LEAST_ROOM or margins[0] + margins[2] > height - _LEAST_ROOM:
            raise ConfigError("/page/margins", "margins_too_wide")
        header, footer = phrase_at(raw, "header", "/page"), phrase_at(raw, "footer", "/page")
        return Page(width, height, margins, header, footer, raw.get("numbered", False))

    def blocks(self, raw: list[Mapping[str, Any]], at: str) -> tuple[Block, ...]:
        """Blocks in order, without those that cannot be read."""
        return tuple(self._read(raw, at))

    def _read(self, raw: list[Mapping[str, Any]], at: str) -> Iterator[Block]:
        for place, each in enumerate(raw):
            here, name = f"{at}/{place}", each.get("type")
            self.count += 1
            if name not in BY_NAME:
                self.issues.append(Issue(f"{here}/type", "unknown_block", {"options": sorted(BY_NAME)}))
                continue
            if wrong := list(_block(str(name)).issues(each, here)):
                self.issues += wrong
                continue
            try:
                yield BY_NAME[str(name)].parse(each, here, self.blocks)
            except ConfigError as error:
                self.issues.append(error.issue)


def _size(raw: str | Mapping[str, str]) -> tuple[float, float]:
    return SIZES[raw] if isinstance(raw, str) else (millimetres(raw["width"]), millimetres(raw["height"]))


def _margins(raw: str | Mapping[str, str] | None) -> tuple[float, float, float, float]:
    usual = Page().margins
    if raw is None:
        return usual
    if isinstance(raw, str):
        return (millimetres(raw),) * 4
    top, right, bottom, left = (millimetres(raw.get(side), usual[at]) for at, side in enumerate(_SIDES))
    return top, right, bottom, left
