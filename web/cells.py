"""Values of records as people read them: a stored value and its field become a :class:`Cell`.

One place for lists, details, rows, history and the guest's page, so that an amount looks the same everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField
from web import locales
from web.names import FileCard, Names
from web.speech import gettext

NUMERIC = frozenset({"money", "number", "percent"})
_TONES = {"gray": "idle", "grey": "idle", "purple": "accent"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in words. ``kind`` chooses the look; ``tone`` is a colour that always stands beside the words."""

    kind: str
    text: str = ""
    tone: str = ""
    href: str = ""
    ref: int | None = None
    files: tuple[FileCard, ...] = field(default=())


BLANK = Cell("blank")


def numeric(column: CompiledField) -> bool:
    """Whether the column's figures stand right-aligned under each other."""
    return _shown_as(column) in NUMERIC


def cell(column: CompiledField, value: Any, names: Names, locale: str) -> Cell:
    """The cell for a stored (or computed) value of ``column``."""
    if value is None or value in ("", []):
        return BLANK
    if isinstance(value, Mapping) and "error" in value:
        return Cell("error", str(value["error"]))
    options = getattr(column.definition.config, "options", None)
    if options:
        option = options.get(value)
        if option is not None:
            words = localized(option.label, locale)
            # A colour is how a form says that an option is a state; one without is a plain word.
            return Cell("chip", words, _TONES.get(option.color, option.color)) if option.color else Cell("text", words)
    return _BY_LOOK.get(_shown_as(column), _text)(column, value, names, locale)


def _shown_as(column: CompiledField) -> str:
    """The look of a field: a computed one looks as its format says, else as its result's type."""
    definition = column.definition
    if not definition.computed or definition.type.name == "number_series":
        return definition.type.name
    shown = getattr(definition.config, "shown", None)
    if shown is not None and shown.format:
        return str(shown.format)
    if column.type.currency:
        return "money"
    return {"number": "number", "logical": "boolean", "date": "date", "datetime": "datetime"}.get(
        column.type.kind, "text"
    )


def _currency(column: CompiledField) -> str:
    config = column.definition.config
    shown = getattr(config, "shown", None)
    return getattr(config, "currency", None) or (shown.currency if shown else None) or column.type.currency or "CNY"


def _decimals(column: CompiledField) -> int | None:
    config = column.definition.config
    shown = getattr(config, "shown", None)
    scale = getattr(config, "scale", None)
    return scale if scale is not None else (shown.decimals if shown else None)


def _text(column: CompiledField, value: Any, _names: Names, locale: str) -> Cell:
    return Cell("text", column.text(value, locale) if not column.computed else str(value))


def _money(column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("num", locales.money(value, _currency(column)))


def _number(column: CompiledField, value: Any, _names: Names, locale: str) -> Cell:
    unit = getattr(column.definition.config, "unit", None)
    shown = locales.number(value, _decimals(column))
    return Cell("num", f"{shown} {localized(unit, locale)}" if unit else shown)


def _percent(_column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("num", locales.percent(value))


def _date(_column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("date", locales.day(value))


def _datetime(_column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("date", locales.moment(value))


def _boolean(_column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("text", gettext("Yes") if value else gettext("No"))


def _link(_column: CompiledField, value: Any, names: Names, _locale: str) -> Cell:
    title = names.records.get(value)
    if title is None:
        return Cell("text", gettext("(no access)"))
    return Cell("link", title or f"#{value}", href=f"/records/{value}" if names.linked else "")


def _member(_column: CompiledField, value: Any, names: Names, _locale: str) -> Cell:
    return Cell("person", names.people.get(value, f"#{value}"), ref=value)


def _files(_column: CompiledField, value: Any, names: Names, _locale: str) -> Cell:
    cards = tuple(names.files[str(one)] for one in value if str(one) in names.files)
    return Cell("files", ", ".join(card.name for card in cards), files=cards)


def _phone(_column: CompiledField, value: Any, _names: Names, _locale: str) -> Cell:
    return Cell("phone", str(value))


_BY_LOOK: Mapping[str, Callable[[CompiledField, Any, Names, str], Cell]] = {
    "money": _money,
    "number": _number,
    "percent": _percent,
    "date": _date,
    "datetime": _datetime,
    "boolean": _boolean,
    "link": _link,
    "member": _member,
    "photo": _files,
    "file": _files,
    "phone": _phone,
}
