"""The conversion table: which type's values can become which other's, and how. Pure (docs/decisions/062).

A way says in one word how a stored value of the old field is made into raw input for the new one; the new field's own
cleaner has the last word, so nothing gets in that could not have been typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any, Final, Literal

from formloom.i18n import LOCALES

from form_engine.definition.model import FieldDef
from form_engine.fields.base import NO_HINTS, CoerceHints, Json, Refused, refuse

Way = Literal["same", "print", "read", "decimal", "midnight", "day", "wrap", "only", "fit"]
Convert = Callable[[Any], Json | Refused]

NUMBERS: Final = ("number", "money", "percent", "rating")
WORDS: Final = ("text", "phone", "email", "url", "id_number", "scan")
MOMENTS: Final = ("date", "datetime", "time", "duration")
PRINTED: Final = (*NUMBERS, *WORDS[1:], *MOMENTS, "boolean", "choice", "choices", "cascade", "number_series", "address")
READ: Final = (*NUMBERS, *WORDS[1:], *MOMENTS, "boolean", "choice", "choices")

TABLE: Final[Mapping[tuple[str, str], Way]] = {
    **{pair: "decimal" for pair in product(NUMBERS, NUMBERS) if pair[0] != pair[1]},
    **{("text", to): "read" for to in READ},
    **{pair: "print" for pair in product(WORDS, WORDS) if pair[0] != pair[1]},
    **{(source, "text"): "print" for source in PRINTED},
    ("rich_text", "text"): "print",
    ("date", "datetime"): "midnight",
    ("datetime", "date"): "day",
    ("photo", "file"): "same",
    **{(one, f"{one}s"): "wrap" for one in ("choice", "member", "link")},
    **{(f"{one}s", one): "only" for one in ("choice", "member", "link")},
}
"""By (old type, new type). A pair that is not here cannot be converted: publishing empties the field, and keeps the
old values beside it.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """In which language values are printed, and how texts are read."""

    locale: str = LOCALES[0]
    hints: CoerceHints = NO_HINTS


def way_of(old: FieldDef, new: FieldDef) -> Way | None:
    """How values of `old` become values of `new`; None: not at all. `same`: they are such values already."""
    if new.type.computed or not new.type.stored or not old.type.stored:
        return None
    if old.type.points_to(old.config) != new.type.points_to(new.config):
        return None
    if old.type is not new.type:
        return TABLE.get((old.type.name, new.type.name))
    scales = (getattr(each.config, "scale", None) for each in (old, new))
    return "same" if len({*scales}) == 1 else "fit"


def converter(old: FieldDef, new: FieldDef, way: Way, setting: Setting) -> Convert:
    """The closure that makes one stored value into another, or says why it cannot. Blank never reaches it."""
    clean, make = new.type.cleaner(new.config), _maker(old, new, way, setting)

    def convert(stored: Any) -> Json | Refused:
        made = make(stored)
        return made if isinstance(made, Refused) or made is None else clean(made)

    return (lambda stored: stored) if way == "same" and old.type is new.type else convert


def _maker(old: FieldDef, new: FieldDef, way: Way, setting: Setting) -> Callable[[Any], Any]:
    match way:
        case "print":
            return lambda stored: old.type.text(stored, old.config, setting.locale)
        case "read":
            coerce = new.type.coercer(new.config, setting.hints)

            def read(stored: Any) -> Any:
                found = coerce(stored)
                return found if isinstance(found, Refused) else found.value

            return read
        case "decimal":
            return _decimal(whole=new.type.name == "rating")
        case "midnight":
            return lambda stored: datetime.combine(
                datetime.fromisoformat(stored), time(), setting.hints.zone
            ).isoformat()
        case "day":
            return lambda stored: datetime.fromisoformat(stored).astimezone(setting.hints.zone).date().isoformat()
        case "wrap":
            return lambda stored: [stored]
        case "only":
            return lambda stored: stored[0] if len(stored) == 1 else refuse("several_values", count=len(stored))
        case _:
            return lambda stored: stored


def _decimal(*, whole: bool) -> Callable[[Any], Any]:
    def make(stored: Any) -> Any:
        try:
            number = Decimal(str(stored))
        except InvalidOperation:
            return refuse("not_a_decimal")
        if whole:
            return int(number) if number == number.to_integral_value() else refuse("not_an_integer")
        return f"{number.normalize():f}"

    return make
