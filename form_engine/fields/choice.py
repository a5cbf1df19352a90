"""One of a list of options, stored as the option's key.

With `transitions` it is a status: only the declared moves are legal, `start` is what a new record has, and only steps
and buttons move it (never a person's edit).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from formloom.i18n import localized

from form_engine.fields.base import EQUALITY, Cleaner, ConfigError, FieldType, Json, Refused, Text, refuse
from form_engine.fields.schema import KEY, OPTIONS
from form_engine.formula import Type
from form_engine.formula.types import TEXT


@dataclass(frozen=True, slots=True)
class Option:
    key: str
    label: Text
    color: str | None = None


@dataclass(frozen=True, slots=True)
class ChoiceConfig:
    options: Mapping[str, Option]
    start: str | None = None
    transitions: frozenset[tuple[str, str]] | None = None

    def may_move(self, old: Json, new: Json) -> bool:
        """Whether a record that stands at `old` may stand at `new` next. Without transitions: anywhere."""
        return self.transitions is None or old == new or (old, new) in self.transitions


class ChoiceField(FieldType[ChoiceConfig]):
    name = "choice"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "options": OPTIONS,
        "start": KEY,
        "transitions": {
            "type": "array",
            "maxItems": 2_000,
            "items": {"type": "array", "items": KEY, "minItems": 2, "maxItems": 2},
        },
    }
    config_required = ("options",)
    operators = EQUALITY
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> ChoiceConfig:
        options = read_options(raw["options"])
        start = raw.get("start")
        if start is not None and start not in options:
            raise ConfigError("/start", "unknown_option", option=start)
        moves = raw.get("transitions")
        for at, move in enumerate(moves or ()):
            for side, option in enumerate(move):
                if option not in options:
                    raise ConfigError(f"/transitions/{at}/{side}", "unknown_option", option=option)
        if moves is not None and start is None:
            raise ConfigError("/start", "required")
        return ChoiceConfig(options, start, frozenset((old, new) for old, new in moves) if moves is not None else None)

    def cleaner(self, config: ChoiceConfig) -> Cleaner:
        known = frozenset(config.options)

        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return refuse("not_text")
            return raw if raw in known else None if raw == "" else refuse("not_an_option")

        return clean

    def initial(self, config: ChoiceConfig) -> Json:
        return config.start

    def moves(self, config: ChoiceConfig) -> Callable[[Json, Json], bool] | None:
        return config.may_move if config.transitions is not None else None

    def formula_type(self, config: ChoiceConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: ChoiceConfig) -> str:
        return str(stored)

    def text(self, stored: Any, config: ChoiceConfig, locale: str) -> str:
        option = config.options.get(stored)
        return localized(option.label, locale) if option else str(stored)


def read_options(raw: list[Any]) -> dict[str, Option]:
    """Options as bare keys or objects, in their order."""
    options: dict[str, Option] = {}
    for at, each in enumerate(raw):
        key = each if isinstance(each, str) else each["key"]
        if key in options:
            raise ConfigError(f"/options/{at}", "duplicate_key", key=key)
        options[key] = (
            Option(key, key) if isinstance(each, str) else Option(key, each.get("label", key), each.get("color"))
        )
    return options
