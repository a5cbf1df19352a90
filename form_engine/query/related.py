"""The records that belong to one record, as its form's page declares them: only what its reader could list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, PageDef, Source
from form_engine.definition.paths import Place, read_places
from form_engine.permission import Access
from form_engine.query.aggregate import Aggregate, aggregate
from form_engine.query.columns import FormColumns
from form_engine.query.count import Count, count_up_to
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.found import found, indexed_columns
from form_engine.query.listing import Page, conditions_of, page_of, views_of
from form_engine.query.sql_value import SQL_TYPES
from form_engine.records.facts import record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import RecordView

COUNTED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Related:
    """Records of one form that belong to one record."""

    session: Session
    access: Access
    columns: FormColumns
    conditions: tuple[ColumnElement[bool], ...]

    def page(self, sort: Sequence[str], after: str | None, limit: int) -> Page:
        """A page of them; keys that the reader may not sort by are left out."""
        keys = tuple(key for key in sort if self.access.readable(self.access.form.key, key.removeprefix("-")))
        return page_of(
            self.session,
            self.access,
            self.columns,
            self.conditions,
            sort=keys,
            after=after,
            limit=limit,
            count_to=COUNTED,
        )

    def count(self) -> Count:
        """How many there are, as far as anybody wants to know."""
        return count_up_to(self.session, found(self.session, self.access, self.columns, self.conditions), COUNTED)

    def dated(
        self, key: str, *, since: date | None, until: date | None, limit: int, read: Collection[str]
    ) -> tuple[RecordView, ...]:
        """At most so many with a day at `key`: from `since` on, the first ones; else until `until`, the last ones.

        Only the fields `read` are in the views. Nothing where the reader may not order by the field.
        """
        day = self._day(key)
        if day is None:
            return ()
        asked = [*self.conditions, day.is_not(None)]
        if since is not None:
            asked.append(day >= self._begin(key, since))
        if until is not None and until < date.max:
            asked.append(day < self._begin(key, until + timedelta(days=1)))
        # OFFSET 0 is a fence, as in `listing`: found first, sorted then.
        held = found(self.session, self.access, self.columns, asked, [day.label("day")]).offset(0).subquery("held")
        down = until is not None and since is None
        order = (held.c.day.desc(), held.c.id.desc()) if down else (held.c.day.asc(), held.c.id.asc())
        ids = self.session.scalars(select(held.c.id).order_by(*order).limit(limit)).all()
        return views_of(self.session, self.access, ids, read)

    def sums(self, keys: Sequence[str], by: str | None) -> Aggregate:
        """How many there are and their sums, for each value of `by`; those that the reader may not ask for are left
        out."""
        readable = [key for key in keys if self.access.readable(self.access.form.key, key)]
        group = [by] if by is not None and self.access.readable(self.access.form.key, by) else []
        measures = [{"fn": "count", "as": "count"}, *({"fn": "sum", "field": key, "as": key} for key in readable)]
        ids = found(self.session, self.access, self.columns, self.conditions)
        return aggregate(self.session, self.access, {"group": group, "measures": measures, "limit": 50}, among=ids)

    def _day(self, key: str) -> ColumnElement[Any] | None:
        if not self.access.readable(self.access.form.key, key):
            return None
        try:
            value = self.columns.path((key,))
        except NotInSql:
            return None
        return value.expression if value.kind in ("date", "datetime") else None

    def _begin(self, key: str, day: date) -> ColumnElement[Any]:
        """The beginning of a day as the column has it."""
        if self.columns.path((key,)).kind == "date":
            return literal(day, SQL_TYPES["date"])
        moment = datetime.combine(day, time(), self.access.context.zone)
        return literal(moment, SQL_TYPES["datetime"])


def related(session: Session, access: Mapping[str, Access], seen: RecordView, source: Source) -> Related | None:
    """What `source` names of the record in this view; None where its reader may not know of any.

    `access` is the reader's to every form. A filter that reads what they may not read tells by what it leaves out, so
    then nothing is shown at all.
    """
    here, there = access.get(seen.form.key), access.get(source.form)
    via = there.form.field(source.via) if there is not None else None
    if here is None or there is None or via is None or not there.may("read"):
        return None
    if not there.readable(there.form.key, via.path):
        return None
    leads_to = _ids(seen, source)
    if leads_to is None:
        return None
    columns = indexed_columns(there, root="target")
    several = via.type.is_list
    asked = {"field": via.path, "op": "has_any" if several else "in", "value": leads_to}
    conditions = conditions_of(session, there, columns, asked, None, "")
    compiled = seen.form.page.where.get(source.at) if seen.form.page is not None else None
    if source.where is not None:
        if compiled is None or not _may_ask(here, there, seen, compiled.checked.reads):
            return None
        own = record_value(facts_of(session, here.forms, here.context), seen.record)
        translate = Translator(columns, evaluator(here.context, own))
        conditions.append(translate.condition(compiled.checked.node))
    return Related(session, there, columns, tuple(conditions))


def _ids(seen: RecordView, source: Source) -> list[int] | None:
    """Where the links lead: to this record, or to where its field `of` leads; None where that may not be read."""
    if source.of is None:
        return [seen.id]
    own = seen.form.field(source.of)
    if own is None or not seen.fields.may_read(own.path):
        return None
    value = seen.values.get(source.of)
    return [int(each) for each in own.definition.type.ids(value)] if value is not None else []


def _may_ask(here: Access, there: Access, seen: RecordView, reads: Any) -> bool:
    world = {key: form.definition for key, form in here.forms.items()}
    places = set(read_places(world, reads, seen.form.key, None, there.form.key))
    whole = {each for place in places for each in (place, *here.forms.sources.of(place))}
    return here.actor.trusted or all(_may_read(here, there, seen, place) for place in whole)


def _may_read(here: Access, there: Access, seen: RecordView, place: Place) -> bool:
    if place.form == there.form.key:
        return there.readable(place.form, place.path)
    if place.form == seen.form.key:
        return seen.fields.may_read(place.path)
    levels = here.elsewhere.get(place.form)
    return levels is not None and levels.may_read(place.path)


def page_of_form(form: CompiledForm) -> PageDef:
    """What the form declares for the page of a record; an empty one where it declares nothing."""
    return form.page.definition if form.page is not None else PageDef()


__all__ = ["Related", "page_of_form", "related"]
