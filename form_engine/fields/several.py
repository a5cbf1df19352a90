"""Several things by their ids, in the order chosen: what lists of links and of people share."""

from dataclasses import dataclass
from typing import Any, TypeVar

from form_engine.fields.base import (
    NO_HINTS,
    SEVERAL,
    CoerceHints,
    Coercer,
    FieldType,
    Finisher,
    at_least,
)
from form_engine.fields.coercion import list_coercer, text_coercer
from form_engine.fields.schema import ID, Schema, listed


@dataclass(frozen=True, slots=True)
class SeveralConfig:
    """How many there must and may be."""

    least: int
    most: int


S = TypeVar("S", bound=SeveralConfig)


class SeveralField(FieldType[S]):
    """Stored as the list of ids."""

    operators = SEVERAL

    def finisher(self, config: S) -> Finisher | None:
        return at_least(config.least, "too_few")

    def to_json(self, value: Any, config: S) -> object:
        return [getattr(each, "id", each) for each in value] if isinstance(value, tuple) else value

    def text(self, stored: Any, config: S, locale: str) -> str:
        return ""

    def value_schema(self, config: S) -> Schema:
        return listed(ID, config.most)

    def coercer(self, config: S, hints: CoerceHints = NO_HINTS) -> Coercer:
        return list_coercer(text_coercer)

    def client_config(self, config: S, locale: str) -> dict[str, Any]:
        return {"min": config.least, "max": config.most}
