"""Several of a list of options, stored as their keys in the options' order: one set, one spelling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import (
    NO_HINTS,
    SEVERAL,
    Chip,
    Cleaner,
    CoerceHints,
    Coercer,
    FieldType,
    Finisher,
    Refused,
    at_least,
    refuse,
)
from form_engine.fields.choice import Option, chip_of, client_options, label_of, option_coercer, read_options
from form_engine.fields.coercion import list_coercer
from form_engine.fields.file import read_counts
from form_engine.fields.schema import OPTIONS, Schema, count, listed
from form_engine.formula import Type
from form_engine.formula.types import TEXT

MOST = 500


@dataclass(frozen=True, slots=True)
class ChoicesConfig:
    options: Mapping[str, Option]
    least: int
    most: int


class ChoicesField(FieldType[ChoicesConfig]):
    name = "choices"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"options": OPTIONS, "min": count(MOST), "max": count(MOST)}
    config_required = ("options",)
    operators = SEVERAL
    look = "chips"

    def parse_config(self, raw: Mapping[str, Any]) -> ChoicesConfig:
        return ChoicesConfig(read_options(raw["options"]), *read_counts(raw, MOST))

    def cleaner(self, config: ChoicesConfig) -> Cleaner:
        order, most = {key: at for at, key in enumerate(config.options)}, config.most

        def clean(raw: object) -> Any:
            if type(raw) is not list:
                return refuse("not_a_list")
            if len(raw) > MOST:
                return refuse("too_many", max=most)
            wrong = [at for at, each in enumerate(raw) if type(each) is not str or each not in order]
            if wrong:
                return Refused(tuple(issue for at in wrong for issue in refuse("not_an_option", f"/{at}").issues))
            if len(set(raw)) < len(raw):
                return refuse("duplicate")
            if len(raw) > most:
                return refuse("too_many", max=most)
            return sorted(raw, key=order.__getitem__) or None

        return clean

    def finisher(self, config: ChoicesConfig) -> Finisher | None:
        return at_least(config.least, "too_few")

    def formula_type(self, config: ChoicesConfig) -> Type:
        return Type("list", of=TEXT)

    def to_value(self, stored: Any, config: ChoicesConfig) -> tuple[str, ...]:
        return tuple(stored)

    def to_json(self, value: Any, config: ChoicesConfig) -> object:
        return list(value) if isinstance(value, tuple) else value

    def text(self, stored: Any, config: ChoicesConfig, locale: str) -> str:
        return ", ".join(label_of(config.options, each, locale) for each in stored)

    def words(self, stored: Any, config: ChoicesConfig, locale: str) -> tuple[str, ...]:
        return tuple(label_of(config.options, each, locale) for each in stored if each in config.options)

    def chips(self, stored: Any, config: ChoicesConfig, locale: str) -> tuple[Chip, ...]:
        return tuple(chip_of(config.options, each, locale) for each in stored)

    def value_schema(self, config: ChoicesConfig) -> Schema:
        return listed({"enum": list(config.options)}, config.most)

    def coercer(self, config: ChoicesConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return list_coercer(option_coercer(config.options), r"[,，;；、\n|/+]")

    def client_config(self, config: ChoicesConfig, locale: str) -> dict[str, Any]:
        return {
            "options": client_options(config.options.values(), locale),
            "min": config.least,
            "max": config.most,
        }
