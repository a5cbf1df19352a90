"""One node of a tree of options, stored as the keys on the way to it: `["east", "shanghai"]`.

Unless `any_level`, the way goes on to a leaf. Keys are unique among their siblings.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from formloom.i18n import localized

from form_engine.fields.base import (
    EQUALITY,
    NO_HINTS,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ConfigError,
    FieldType,
    Finisher,
    Operator,
    Refused,
    refuse,
)
from form_engine.fields.choice import Option, client_options, read_option, words_of
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.schema import COLOR, KEY, TEXT, Schema, listed
from form_engine.formula import Type
from form_engine.formula.types import TEXT as TEXT_TYPE

DEEPEST: Final = 6
MOST: Final = 5_000


def _nodes(depth: int) -> Schema:
    """Spelt out level by level: the schema of a field's config has no names of its own to refer to."""
    below = {"options": _nodes(depth - 1)} if depth > 1 else {}
    node: Schema = {
        "type": "object",
        "required": ["key"],
        "properties": {"key": KEY, "label": TEXT, "color": COLOR, "retired": {"type": "boolean"}, **below},
        "additionalProperties": False,
    }
    return {"type": "array", "minItems": 1, "maxItems": 500, "items": {"anyOf": [KEY, node]}}


@dataclass(frozen=True, slots=True)
class Node:
    option: Option
    below: Mapping[str, "Node"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    roots: Mapping[str, Node]
    any_level: bool = False

    def way(self, keys: list[Any]) -> tuple[Option, ...] | None:
        """The options on the way; None where it leaves the tree."""
        here, found = self.roots, []
        for key in keys:
            node = here.get(key) if isinstance(key, str) else None
            if node is None:
                return None
            found.append(node.option)
            here = node.below
        return tuple(found)


class CascadeField(FieldType[CascadeConfig]):
    name = "cascade"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"options": _nodes(DEEPEST), "any_level": {"type": "boolean"}}
    config_required = ("options",)
    operators: ClassVar[tuple[Operator, ...]] = (*EQUALITY, "within")
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> CascadeConfig:
        config = CascadeConfig(_read(raw["options"], "/options"), raw.get("any_level", False))
        if sum(1 for _ in _ways(config.roots)) > MOST:
            raise ConfigError("/options", "too_long", max=MOST)
        return config

    def cleaner(self, config: CascadeConfig) -> Cleaner:
        def clean(raw: object) -> Any:
            if type(raw) is not list:
                return refuse("not_a_list")
            if not raw:
                return None
            return list(raw) if len(raw) <= DEEPEST and config.way(raw) else refuse("not_an_option")

        return clean

    def finisher(self, config: CascadeConfig) -> Finisher | None:
        """A draft may stand half way down."""
        if config.any_level:
            return None

        def finished(stored: Any) -> Refused | None:
            here = config.roots
            for key in stored:
                node = here.get(key)
                here = node.below if node else {}
            return refuse("not_a_leaf") if here else None

        return finished

    def formula_type(self, config: CascadeConfig) -> Type:
        return Type("list", of=TEXT_TYPE)

    def to_value(self, stored: Any, config: CascadeConfig) -> tuple[str, ...]:
        return tuple(stored)

    def to_json(self, value: Any, config: CascadeConfig) -> object:
        return list(value) if isinstance(value, tuple) else value

    def to_slot(self, stored: Any, config: CascadeConfig) -> str:
        """`/east/shanghai/`: what lies within a node begins with its own."""
        return f"/{'/'.join(stored)}/"

    def text(self, stored: Any, config: CascadeConfig, locale: str) -> str:
        way = config.way(stored)
        return " / ".join([localized(each.label, locale) for each in way] if way else map(str, stored))

    def words(self, stored: Any, config: CascadeConfig, locale: str) -> tuple[str, ...]:
        return tuple(localized(each.label, locale) for each in config.way(stored) or ())

    def value_schema(self, config: CascadeConfig) -> Schema:
        return {**listed({"type": "string"}, DEEPEST), "uniqueItems": False}

    def coercer(self, config: CascadeConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coercer(config)

    def client_config(self, config: CascadeConfig, locale: str) -> dict[str, Any]:
        return {"options": _client(config.roots, locale), "any_level": config.any_level}


def ways_named(config: CascadeConfig, named: Callable[[Option], bool]) -> list[list[str]]:
    """The keys of the ways that end in an option so named; not those that go through one already."""
    found: list[list[str]] = []

    def look(nodes: Mapping[str, Node], above: list[str]) -> None:
        for key, node in nodes.items():
            if named(node.option):
                found.append([*above, key])
            else:
                look(node.below, [*above, key])

    look(config.roots, [])
    return found


def _read(raw: list[Any], at: str) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for index, each in enumerate(raw):
        key = each if isinstance(each, str) else each["key"]
        if key in nodes:
            raise ConfigError(f"{at}/{index}", "duplicate_key", key=key)
        option = Option(key, key) if isinstance(each, str) else read_option(each)
        below = {} if isinstance(each, str) else _read(each.get("options", []), f"{at}/{index}/options")
        nodes[key] = Node(option, below)
    return nodes


def _ways(nodes: Mapping[str, Node], above: tuple[Option, ...] = ()) -> Iterator[tuple[tuple[Option, ...], bool]]:
    """Every way down from the roots, and whether it ends in a leaf."""
    for node in nodes.values():
        way = (*above, node.option)
        yield way, not node.below
        yield from _ways(node.below, way)


def _client(nodes: Mapping[str, Node], locale: str) -> list[dict[str, Any]]:
    told = client_options((node.option for node in nodes.values()), locale)
    return [
        {**each, "options": _client(node.below, locale)} if node.below else each
        for each, node in zip(told, nodes.values(), strict=True)
    ]


def _coercer(config: CascadeConfig) -> Coercer:
    """`华东/上海`, `华东-上海`, `华东上海`, or the name of a leaf alone where only one has it."""
    whole: dict[str, list[str]] = {}
    alone: dict[str, list[list[str]]] = {}
    for way, leaf in _ways(config.roots):
        if any(option.retired for option in way):
            continue
        keys = [option.key for option in way]
        spellings = [""]
        for option in way:
            words = {_told(word) for word in (*words_of(option.label), option.key)}
            spellings = [before + word for before in spellings for word in words][:64]
        whole.update(dict.fromkeys(spellings, keys))
        if leaf or config.any_level:
            for word in {_told(word) for word in (*words_of(way[-1].label), way[-1].key)}:
                alone.setdefault(word, []).append(keys)

    def coerce(raw: object) -> Coerced | Refused:
        if is_blank(raw):
            return Coerced(None)
        told = _told(as_text(raw) or "")
        only = alone.get(told, [])
        found = whole.get(told) or (only[0] if len(only) == 1 else None)
        return Coerced(list(found)) if found else refuse("not_an_option")

    return coerce


def _told(words: str) -> str:
    return "".join(each for each in folded(words[:2_000]).casefold() if each not in " /\\>-|,、›»→")
