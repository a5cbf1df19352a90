"""Words that a record must contain, wherever they stand in what its reader may read.

The index of character pairs (docs/decisions/054) names candidates: all records that can contain the words, and some
that do not. Whether one does is then asked of its text, and only of what the reader may read.
"""

import json
from typing import Any, Final

from formloom.i18n import LOCALES, localized
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    any_,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField
from form_engine.fields.address import AddressField
from form_engine.fields.cascade import CascadeConfig, ways_named
from form_engine.fields.choice import ChoiceConfig, Option
from form_engine.fields.choices import ChoicesConfig
from form_engine.fields.rich_text import RichTextField
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


def titled(words: list[str] | None) -> ColumnElement[bool]:
    """Every word stands in what a link shows of the record, or in its number; nothing else of it is told."""
    if words is None:
        return false()
    shown = (_plain(Record.title), _plain(Record.number))
    return and_(true(), *(or_(*(func.strpos(each, word) > 0 for each in shown)) for word in words))


def _in(shown: list[CompiledField], word: str) -> list[ColumnElement[bool]]:
    """That one of these fields contains the word: in what its type calls its `words`, read from the document."""
    return [_in_row(field, word) if "." in field.path else _has(field, Record.data[field.key], word) for field in shown]


def _in_row(field: CompiledField, word: str) -> ColumnElement[bool]:
    """The same of a table's column, in some row."""
    table = func.jsonb_path_query_array(Record.data[field.path.partition(".")[0]], literal("$[*]", JSONPATH))
    rows = func.jsonb_array_elements(table).table_valued(column("value", JSONB), name="searched_row")
    met = _has(field, rows.c.value[field.key], word)
    return select(literal(1)).select_from(rows).where(met).correlate_except(rows).exists()


def _has(field: CompiledField, stored: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """What is `stored` contains the word."""
    config = field.definition.config

    def named(option: Option) -> bool:
        return any(word in normalised(localized(option.label, locale)) for locale in LOCALES)

    if isinstance(config, ChoiceConfig):
        keys = [key for key, option in config.options.items() if named(option)]
        lost = and_(stored.astext.not_in(list(config.options)), func.strpos(_plain(stored.astext), word) > 0)
        return or_(stored.astext.in_(keys), lost)
    if isinstance(config, ChoicesConfig):
        keys = [key for key, option in config.options.items() if named(option)]
        return or_(false(), stored.has_any(literal(keys, ARRAY(Text))))
    if isinstance(config, CascadeConfig):
        # A list of keys as text: `["east", "shanghai"]` begins with `["east"`.
        ways = [json.dumps(way)[:-1] for way in ways_named(config, named)]
        return or_(false(), stored.astext.op("^@", is_comparison=True)(any_(literal(ways, ARRAY(Text)))))
    if isinstance(field.definition.type, AddressField):
        place = func.concat(_joined(stored["region"]), stored["detail"].astext)
        return or_(*(func.strpos(_plain(each), word) > 0 for each in (place, stored["postcode"].astext)))
    if isinstance(field.definition.type, RichTextField):
        # A blank is no list of blocks; a path finds nothing in it where taking it apart would fail.
        there = func.jsonb_path_query_array(stored, literal("$[*]", JSONPATH))
        blocks = func.jsonb_array_elements(there).table_valued(column("value", JSONB), name="block")
        runs = func.jsonb_path_query_array(blocks.c.value, literal("$.runs[*].text", JSONPATH))
        met = func.strpos(_plain(_joined(runs)), word) > 0
        return select(literal(1)).select_from(blocks).where(met).correlate_except(blocks).exists()
    return func.strpos(_plain(stored.astext), word) > 0


def _joined(texts: ColumnElement[Any]) -> ColumnElement[str]:
    """The elements of a JSON array of texts, one after the other."""
    parts = func.jsonb_array_elements_text(texts).table_valued(column("value", Text), name="part")
    each = select(parts.c.value).select_from(parts).correlate_except(parts)
    return func.array_to_string(func.array(each.scalar_subquery()), "")


def _plain(value: SQLColumnExpression[str | None]) -> ColumnElement[str]:
    return func.lower(func.normalize(value, literal_column("NFKC")))
