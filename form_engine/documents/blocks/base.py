"""What every block gives: its JSON shape, how it is read, the formulas it relies on, and what it draws.

A block draws plain nodes (`Node`), which know nothing of HTML or PDF; `docs/decisions/090` lists them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from form_engine.documents.phrase import Phrase, read_phrase
from form_engine.fields.expression import Formula, read_formula

if TYPE_CHECKING:
    from form_engine.documents.pen import Pen

Node: TypeAlias = dict[str, Any]
"""A piece of the page: JSON whose `is` says which. Texts in it are final, and only text."""

ParseBlocks = Callable[[list[Mapping[str, Any]], str], "tuple[Block, ...]"]

TEXT: Final[Mapping[str, Any]] = {"$ref": "#/$defs/text"}
FORMULA: Final[Mapping[str, Any]] = {"$ref": "#/$defs/formula"}
LENGTH: Final[Mapping[str, Any]] = {"$ref": "#/$defs/length"}
BLOCKS: Final[Mapping[str, Any]] = {"$ref": "#/$defs/blocks"}
ALIGN: Final[Mapping[str, Any]] = {"enum": ["left", "center", "right"]}


@dataclass(frozen=True, slots=True)
class Use:
    """A formula, where it stands, and what it may see besides the record: `row` or `target` as a source (`order`, or
    `.lines` for a table of the document's own form).
    """

    at: str
    formula: Formula
    row: str = ""
    target: str = ""
    gives: tuple[str, ...] = ()
    """Kinds of results that fit; any, if none is named."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """The part that all blocks have. `when` is asked before anything is drawn."""

    at: str
    when: Formula | None = None

    @property
    def lists(self) -> tuple[tuple["Block", ...], ...]:
        """The lists of blocks inside this one."""
        return ()

    def uses(self) -> Iterator[Use]:
        """Its formulas, but for `when`."""
        return iter(())

    def files(self) -> Iterator[tuple[str, str]]:
        """Stored files that the definition itself names, with where."""
        return iter(())

    def draw(self, pen: "Pen") -> Iterator[Node]:
        """The nodes; nothing where the reader may see nothing of it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class BlockType:
    """A registered type. `schema` lists the keys beyond `type` and `when`."""

    name: str
    schema: Mapping[str, Any]
    parse: Callable[[Mapping[str, Any], str, ParseBlocks], Block]
    required: tuple[str, ...] = ()


def frame(raw: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The keyword arguments that every block has."""
    return {"at": at, "when": formula_at(raw, "when", at)}


def formula_at(raw: Mapping[str, Any], key: str, at: str) -> Formula | None:
    """The formula under a key, if there is one. Raises ConfigError."""
    return read_formula(raw[key], f"{at}/{key}") if key in raw else None


def phrase_at(raw: Mapping[str, Any], key: str, at: str) -> Phrase | None:
    """The same for a text with placeholders."""
    return read_phrase(raw[key], f"{at}/{key}") if key in raw else None


def uses_of(*phrases: Phrase | None, row: str = "") -> Iterator[Use]:
    """What phrases read."""
    for phrase in phrases:
        if phrase is not None:
            yield from (Use(formula.at, formula, row) for formula in phrase.formulas())


def millimetres(length: str | None, default: float = 0) -> float:
    """`18mm` as a number."""
    return float(length.removesuffix("mm")) if length else default


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside of others too, in the order of the document."""
    for block in blocks:
        yield block
        for inside in block.lists:
            yield from walk(inside)
