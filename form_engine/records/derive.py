"""What is derived from a record's document and stands beside it: slots, links, unique values, title, words. Pure."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

import orjson
from formloom.i18n import LOCALES

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from form_engine.definition.access import TITLE
from form_engine.fields.base import FieldType, Json, SlotValue
from form_engine.fields.text import TextField
from form_engine.formula import Context, Env, RecordValue, Value
from form_engine.records.named import named
from form_engine.records.sort_key import slot_text
from form_engine.records.write import HeldFile, Link

_SEARCHED_OF: "WeakKeyDictionary[CompiledForm, tuple[CompiledField, ...]]" = WeakKeyDictionary()
_WORDS_OF: "WeakKeyDictionary[CompiledForm, tuple[tuple[str, Words | None], ...]]" = WeakKeyDictionary()

LONGEST_TITLE: Final = 300
LONGEST_SEARCH: Final = 20_000

Document = Mapping[str, Json]
Words = Callable[[Json], tuple[str, ...]]


def slots_of(
    form: CompiledForm, slots: Mapping[str, str], data: Document, record: RecordValue | None = None
) -> dict[str, str | int]:
    """The values of the typed slots by slot name; blank fields are absent. Computed ones are read from `record`."""
    found: dict[str, str | int] = {}
    for path, slot in slots.items():
        field = form.field(path)
        if field is None:
            continue
        if field.computed and not field.definition.type.stored:
            value = None if record is None else computed_slot_value(record.values.get(path), field.slot_kind)
        else:
            value = slot_value(field, data.get(path))
        if value is not None:
            found[slot] = value.isoformat() if isinstance(value, date | datetime) else value
    return found


def slot_value(field: CompiledField, stored: Json) -> SlotValue:
    """What a field's slot holds. Free text carries its sort key; a number does not: it is known only when taken."""
    value = field.slot_value(stored)
    return slot_text(value) if isinstance(value, str) and isinstance(field.definition.type, TextField) else value


COMPUTED_SCALE: Final = 6
"""Decimals of a computed number in its slot: further ones are rounded, half away from zero."""
_LARGEST: Final = 2**63 - 1


def computed_slot_value(value: Value, kind: str | None) -> SlotValue:
    """What the slot of a formula or a rollup holds; None for a blank, an error, or what is of another kind."""
    if kind == "decimal" and isinstance(value, Decimal):
        return max(-_LARGEST, min(_LARGEST, scaled(value)))
    if kind == "text" and isinstance(value, str):
        return slot_text(value) if value else None
    if kind == "timestamp":
        return value if isinstance(value, datetime) else None
    if kind == "date":
        return value if isinstance(value, date) and not isinstance(value, datetime) else None
    return None


def scaled(value: Decimal) -> int:
    """A computed number as its slot has it."""
    return int((value.scaleb(COMPUTED_SCALE)).to_integral_value(ROUND_HALF_UP))


def links_of(form: CompiledForm, data: Document) -> tuple[Link, ...]:
    """Every link of a document, those in tables too."""
    return tuple(sorted({Link(each.field.path, each.row_id or "", each.id) for each in named(form, data, "record")}))


def files_of(form: CompiledForm, data: Document) -> frozenset[HeldFile]:
    """Every file that stands in a document."""
    return frozenset(HeldFile(each.field.path, each.id) for each in named(form, data, "file"))


def unique_of(form: CompiledForm, data: Document) -> tuple[tuple[str, str], ...]:
    """The values that nobody else may have, by rule (`code` or `site,code`). A group with a blank is free."""
    found = []
    for group in form.definition.unique:
        values = [data.get(key) for key in group]
        if all(value is not None for value in values):
            found.append((",".join(group), orjson.dumps(values).decode()))
    return tuple(found)


def title_of(form: CompiledForm, value: RecordValue, context: Context) -> str:
    """How links show the record: its display formula, or the listed fields, else its number."""
    if isinstance(form.display, tuple):
        shown = [_plain(form, key, value) for key in form.display]
        text = " ".join(part for part in shown if part)
    else:
        result = form.display.run(Env(own=value, context=context))
        text = result if isinstance(result, str) else ""
    return (text or str(value.values.get("number") or ""))[:LONGEST_TITLE]


def title_for(form: CompiledForm, title: str, value: RecordValue, fields: FieldAccess) -> str:
    """The title as somebody with this access to the fields may read it: all of it, or the parts that they may read,
    else the number; empty where nothing is left (ADR 061).
    """
    if fields.may_read(TITLE):
        return title
    parts = form.display if isinstance(form.display, tuple) else ()
    shown = (_plain(form, key, value) for key in parts if form.field(key) is None or fields.may_read(key))
    return (" ".join(part for part in shown if part) or str(value.values.get("number") or ""))[:LONGEST_TITLE]


def _plain(form: CompiledForm, key: str, value: RecordValue) -> str:
    found = value.values.get(key)
    if found is None or isinstance(found, bool):
        return ""
    field = form.field(key)
    if field is None:
        return str(found)
    stored = field.definition.type.to_json(found, field.definition.config)
    if isinstance(stored, str | int):
        return (
            field.text(stored, LOCALES[0]) if field.definition.type.stored or isinstance(stored, str) else str(stored)
        )
    return ""


def searched_fields(form: CompiledForm) -> tuple[CompiledField, ...]:
    """The fields whose words a search finds, columns of tables too.

    Not a status: it is filtered by, and the words of a whole record would be taken apart anew at every step of a flow.
    """
    known = _SEARCHED_OF.get(form)
    if known is None:
        known = _SEARCHED_OF[form] = tuple(
            field for _, field in form.walk() if field.definition.type.searched and not _is_status(field)
        )
    return known


def _is_status(field: CompiledField) -> bool:
    return field.definition.type.moves(field.definition.config) is not None


def search_text(form: CompiledForm, data: Document, number: str | None) -> str:
    """The words that a search finds, normalised, one field a line."""
    words = [number] if number else []
    for key, words_of in _words_of(form):
        stored = data.get(key)
        if stored is not None:
            words += words_of(stored) if words_of is not None else (str(stored),)
    return normalised("\n".join(filter(None, words)))[:LONGEST_SEARCH]


def _words_of(form: CompiledForm) -> tuple[tuple[str, "Words | None"], ...]:
    """The fields and tables that a search looks into; None: the words are what is stored, in every language."""
    known = _WORDS_OF.get(form)
    if known is None:
        found: dict[str, Words | None] = {}
        columns: dict[str, list[tuple[str, Words | None]]] = {}
        for field in searched_fields(form):
            table, _, column = field.path.partition(".")
            if column:
                columns.setdefault(table, []).append((column, _in_words(field)))
            else:
                found[table] = _in_words(field)
        rows = {table: _in_rows(words) for table, words in columns.items()}
        known = _WORDS_OF[form] = (*found.items(), *rows.items())
    return known


def _in_rows(columns: list[tuple[str, "Words | None"]]) -> Words:
    """The words of a table's rows, in all of these columns."""

    def words_of(rows: Json) -> tuple[str, ...]:
        return tuple(
            word
            for row in rows or ()  # type: ignore[union-attr]
            for key, words in columns
            if (stored := row.get(key)) is not None  # type: ignore[union-attr]
            for word in (words(stored) if words is not None else (str(stored),))
        )

    return words_of


def _in_words(field: CompiledField) -> "Words | None":
    """Options come again and again; their labels are remembered."""
    kind, config = field.definition.type, field.definition.config
    if type(kind).text is FieldType.text and type(kind).words is FieldType.words:
        return None

    def words_of(stored: Json) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for locale in LOCALES for word in kind.words(stored, config, locale)))

    remembered = lru_cache(1_024)(words_of)
    return lambda stored: remembered(stored) if isinstance(stored, str) else words_of(stored)


def normalised(text: str) -> str:
    """Without case and width, as both sides of a search are compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


def holdable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, and no lone surrogate, which UTF-8 has no bytes for."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def changes_between(before: Document, after: Document) -> dict[str, tuple[Json, Json]]:
    """Field by field what is different: old and new."""
    if not before:
        return {key: (None, new) for key, new in after.items() if new is not None}
    keys = dict.fromkeys((*before, *after))
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}
