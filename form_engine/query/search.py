"""Words that a record must contain, wherever they stand in what its reader may read.

The index of character pairs (docs/decisions/054) names candidates: all records that can contain the words, and some
that do not. Whether one does is then asked of its text, and only of what the reader may read.
"""

from typing import Final

from formloom.i18n import LOCALES
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    and_,
    any_,
    false,
    func,
    literal,
    literal_column,
    or_,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField
from form_engine.models import Record
from form_engine.permission.access import Access
from form_engine.query.errors import refuse
from form_engine.records.derive import holdable, normalised, searched_fields

MAX_SEARCH: Final = 100
CANDIDATES: Final = 5_000
"""Words that more records may contain are common: then the list is walked in its order, and soon full."""

_CANDIDATES: Final = text(
    "SELECT array_agg(found.id) FROM search_candidates(:form, :words, :most) AS found(id)"
).columns(array_agg=ARRAY(BigInteger))


def words_of(q: str) -> list[str] | None:
    """The words as records are compared with them; None for what no record can contain. Raises InvalidInput."""
    if len(q) > MAX_SEARCH:
        raise refuse("/q", "filter_too_long", limit=MAX_SEARCH)
    return normalised(q).split() if holdable(q) else None


def candidates(
    session: Session, access: Access, record_id: ColumnElement[int], words: list[str] | None
) -> ColumnElement[bool]:
    """That the record is among the few that can contain the words; true where they are many, or words of one letter."""
    pairs = [word for word in words or () if len(word) > 1]
    if not pairs:
        return true()
    asked = {"form": access.form.key, "words": "\n".join(pairs), "most": CANDIDATES + 1}
    ids = session.scalar(_CANDIDATES, asked) or []
    return true() if len(ids) > CANDIDATES else record_id == any_(literal(ids, ARRAY(BigInteger)))


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


def _plain(value: SQLColumnExpression[str | None]) -> ColumnElement[str]:
    return func.lower(func.normalize(value, literal_column("NFKC")))
