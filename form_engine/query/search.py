"""Words that a record must contain, wherever they stand in what its reader may read."""

from typing import Final

from formloom.i18n import LOCALES
from sqlalchemy import ColumnElement, and_, false, func, literal_column, or_, true

from form_engine.definition import CompiledField
from form_engine.models import Record
from form_engine.permission.access import Access
from form_engine.query.errors import refuse
from form_engine.records.derive import holdable, normalised, searched_fields

MAX_SEARCH: Final = 100


def words_of(q: str) -> list[str] | None:
    """The words as records are compared with them; None for what no record can contain. Raises InvalidInput."""
    if len(q) > MAX_SEARCH:
        raise refuse("/q", "filter_too_long", limit=MAX_SEARCH)
    return normalised(q).split() if holdable(q) else None


def contains(access: Access, words: list[str] | None) -> ColumnElement[bool]:
    """Every word stands somewhere in what this reader may read."""
    if words is None:
        return false()
    fields = searched_fields(access.form)
    shown = [field for field in fields if access.readable(access.form.key, field.path)]
    if len(shown) == len(fields):
        return and_(true(), *(func.strpos(Record.search, word) > 0 for word in words))
    return and_(true(), *(or_(func.strpos(_plain(Record.number), word) > 0, *_in(shown, word)) for word in words))


def _in(shown: list[CompiledField], word: str) -> list[ColumnElement[bool]]:
    """That one of these fields contains the word: its text, or the label of the option that it holds."""
    found: list[ColumnElement[bool]] = []
    for field in shown:
        stored = Record.data[field.key].astext
        options = getattr(field.definition.config, "options", None)
        if options:
            named = [key for key in options if any(word in normalised(field.text(key, locale)) for locale in LOCALES)]
            found.append(stored.in_(named))
        else:
            found.append(func.strpos(_plain(stored), word) > 0)
    return found


def _plain(text: ColumnElement[str]) -> ColumnElement[str]:
    return func.lower(func.normalize(text, literal_column("NFKC")))
