"""One of a list of options, stored as the option's key.

With `transitions` it is a status: only the declared moves are legal, and only steps and buttons move it (never a
person's edit). `start` is what a new record has. It may be a list: then the first is what a new record has by itself,
flows may create one at each, and people at those whose `roles` name one of theirs (docs/decisions/097).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from formloom.i18n import localized

from form_engine.fields.base import (
    EQUALITY,
    NO_HINTS,
    Chip,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ConfigError,
    FieldType,
    Json,
    Refused,
    Suspects,
    Text,
    members_only,
    refuse,
)
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.schema import KEY, OPTIONS, Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT


@dataclass(frozen=True, slots=True)
class Option:
    """`retired`: no longer offered; records that have it keep it, and it stays readable."""

    key: str
    label: Text
    color: str | None = None
    retired: bool = False


Starts = Mapping[str, frozenset[str]]
"""By option: the roles whose people may choose to begin there."""

_START: Final[Schema] = {
    "anyOf": [
        KEY,
        {
            "type": "object",
            "required": ["option"],
            "additionalProperties": False,
            "properties": {
                "option": KEY,
                "roles": {"type": "array", "items": KEY, "maxItems": 50, "uniqueItems": True},
            },
        },
    ]
}


@dataclass(frozen=True, slots=True)
class ChoiceConfig:
    """`starts`: where a new record may begin, the first by itself."""

    options: Mapping[str, Option]
    starts: Starts = field(default_factory=dict)
    transitions: frozenset[tuple[str, str]] | None = None

    @property
    def start(self) -> str | None:
        """What a new record has where nobody says."""
        return next(iter(self.starts), None)

    def may_move(self, old: Json, new: Json) -> bool:
        """Whether a record that stands at `old` may stand at `new` next. Without transitions: anywhere."""
        return self.transitions is None or old == new or (old, new) in self.transitions


class ChoiceField(FieldType[ChoiceConfig]):
    name = "choice"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "options": OPTIONS,
        "start": {"anyOf": [KEY, {"type": "array", "minItems": 1, "maxItems": 50, "items": _START}]},
        "transitions": {
            "type": "array",
            "maxItems": 2_000,
            "items": {"type": "array", "items": KEY, "minItems": 2, "maxItems": 2},
        },
    }
    config_required = ("options",)
    operators = EQUALITY
    slot = "text"
    look = "chip"

    def parse_config(self, raw: Mapping[str, Any]) -> ChoiceConfig:
        options = read_options(raw["options"])
        starts = _read_starts(raw.get("start"), options)
        moves = raw.get("transitions")
        for at, move in enumerate(moves or ()):
            for side, option in enumerate(move):
                if option not in options:
                    raise ConfigError(f"/transitions/{at}/{side}", "unknown_option", option=option)
        if moves is not None and not starts:
            raise ConfigError("/start", "required")
        return ChoiceConfig(options, starts, frozenset((old, new) for old, new in moves) if moves is not None else None)

    def cleaner(self, config: ChoiceConfig) -> Cleaner:
        known = frozenset(config.options)
        no_text, no_option = refuse("not_text"), refuse("not_an_option")

        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return no_text
            return raw if raw in known else None if raw == "" else no_option

        return clean

    def suspects(self, config: ChoiceConfig) -> Suspects:
        return members_only(frozenset(config.options))

    def initial(self, config: ChoiceConfig) -> Json:
        return config.start

    def moves(self, config: ChoiceConfig) -> Callable[[Json, Json], bool] | None:
        return config.may_move if config.transitions is not None else None

    def starts(self, config: ChoiceConfig) -> Starts | None:
        return config.starts if config.transitions is not None else None

    def formula_type(self, config: ChoiceConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: ChoiceConfig) -> str:
        return str(stored)

    def text(self, stored: Any, config: ChoiceConfig, locale: str) -> str:
        return label_of(config.options, stored, locale)

    def chips(self, stored: Any, config: ChoiceConfig, locale: str) -> tuple[Chip, ...]:
        return (chip_of(config.options, stored, locale),)

    def value_schema(self, config: ChoiceConfig) -> Schema:
        return {"enum": list(config.options)}

    def coercer(self, config: ChoiceConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return option_coercer(config.options)

    def client_config(self, config: ChoiceConfig, locale: str) -> dict[str, Any]:
        status = {"transitions": True} if config.transitions is not None else {}
        start = {"start": config.start} if config.start is not None else {}
        return {"options": client_options(config.options.values(), locale), **start, **status}


def _read_starts(raw: Any, options: Mapping[str, Option]) -> Starts:
    """One option, or a list of options, each bare or with the roles whose people may choose it."""
    several = isinstance(raw, list)
    starts: dict[str, frozenset[str]] = {}
    for at, each in enumerate(raw if several else [] if raw is None else [raw]):
        place = f"/start/{at}" if several else "/start"
        said = {"option": each} if isinstance(each, str) else each
        option = said["option"]
        if option not in options:
            raise ConfigError(place, "unknown_option", option=option)
        if options[option].retired:
            raise ConfigError(place, "option_retired", option=option)
        if option in starts:
            raise ConfigError(place, "duplicate_key", key=option)
        starts[option] = frozenset(said.get("roles", ()))
    return starts


def label_of(options: Mapping[str, Option], key: object, locale: str) -> str:
    """An option in words; a key that is none (any more) as it is."""
    option = options.get(key) if isinstance(key, str) else None
    return localized(option.label, locale) if option else str(key)


def chip_of(options: Mapping[str, Option], key: object, locale: str) -> Chip:
    option = options.get(key) if isinstance(key, str) else None
    return Chip(label_of(options, key, locale), option.color if option else None)


def client_options(options: Iterable[Option], locale: str) -> list[dict[str, Any]]:
    """Options for the browser, in their order."""
    return [
        {
            "key": one.key,
            "label": localized(one.label, locale),
            "color": one.color,
            **({"retired": True} if one.retired else {}),
        }
        for one in options
    ]


def option_coercer(options: Mapping[str, Option]) -> Coercer:
    """By key, or by the label in any language, whatever its width, spaces and case. A retired one is not meant."""
    offered = [one for one in options.values() if not one.retired]
    by_words = {_told(word): one.key for one in reversed(offered) for word in words_of(one.label)}
    by_words |= {_told(one.key): one.key for one in offered}

    def coerce(raw: object) -> Coerced | Refused:
        text = as_text(raw)
        key = by_words.get(_told(text)) if text is not None and len(text) < 2_000 else None
        if key is not None:
            return Coerced(key)
        return Coerced(None) if is_blank(raw) else refuse("not_an_option")

    return coerce


def _told(words: str) -> str:
    return folded(words).casefold().replace(" ", "")


def words_of(text: Text) -> tuple[str, ...]:
    """The words of every language."""
    return (text,) if isinstance(text, str) else tuple(text.values())


def read_options(raw: list[Any]) -> dict[str, Option]:
    """Options as bare keys or objects, in their order."""
    options: dict[str, Option] = {}
    for at, each in enumerate(raw):
        key = each if isinstance(each, str) else each["key"]
        if key in options:
            raise ConfigError(f"/options/{at}", "duplicate_key", key=key)
        options[key] = Option(key, key) if isinstance(each, str) else read_option(each)
    return options


def read_option(raw: Mapping[str, Any]) -> Option:
    """An option that is written as an object."""
    key = raw["key"]
    return Option(key, raw.get("label", key), raw.get("color"), raw.get("retired", False))
