"""What stands beside older records' documents, made anew because the form says it otherwise now: titles, the words that
a search finds, values that must be unique, ranges that may not overlap. Slots and contributions are `backfill`'s.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import orjson
from formloom.db.retry import sqlstate
from formloom.db.uow import workspace_of
from formloom.errors import InvalidDefinition, Issue
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.models import Record, RecordSpan, RecordUnique
from form_engine.records.actor import SYSTEM
from form_engine.records.apply import OVERLAP
from form_engine.records.context import context_for
from form_engine.records.derive import search_text, searched_fields, title_of, unique_of
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.spans import spans_of

BATCH: Final = 500
WORDS: Final = frozenset({"title", "search"})
"""What a reader sees a moment later without harm; the rest must be there before anybody writes by the new form."""


def stale(before: CompiledForm, after: CompiledForm) -> frozenset[str]:
    """Which of `title`, `search`, `unique` and `spans` older records have otherwise than the new form says."""
    old, new = before.definition, after.definition
    found = {
        "title": _display(before) != _display(after),
        "search": _searched(before) != _searched(after),
        "unique": not set(new.unique) <= set(old.unique),
        "spans": new.no_overlap != old.no_overlap,
    }
    return frozenset(name for name, differs in found.items() if differs)


def refresh(session: Session, forms: Forms, form: CompiledForm, what: Collection[str]) -> None:
    """All records of the form, now. Raises InvalidDefinition when they break what the form demands from now on."""
    if "unique" in what:
        _forget(session, RecordUnique, form)
    if "spans" in what:
        _forget(session, RecordSpan, form)
    ids = refresh_some(session, forms, form, what, 0, BATCH)
    while ids:
        ids = refresh_some(session, forms, form, what, ids[-1], BATCH)


def refresh_some(
    session: Session, forms: Forms, form: CompiledForm, what: Collection[str], after: int, most: int
) -> Sequence[int]:
    """Up to `most` more records, those after the id `after`. Returns their ids in order; none at the end."""
    mine = Record.workspace_id == workspace_of(session), Record.form == form.key, Record.id > after
    statement = select(Record.id).where(*mine).order_by(Record.id).limit(most).with_for_update(key_share=True)
    ids = session.scalars(statement).all()
    if not ids:
        return ids
    facts = facts_of(session, forms, context_for(session, SYSTEM))
    loaded = list(facts.load(ids))
    facts.add(loaded)
    if WORDS.intersection(what):
        _words(session, form, loaded, facts)
    counting = [fact for fact in loaded if not fact.draft and not fact.deleted]
    if "unique" in what:
        _unique(session, form, counting)
    if "spans" in what:
        _spans(session, form, counting, facts)
    return ids


def _words(session: Session, form: CompiledForm, loaded: Sequence[Fact], facts: Facts) -> None:
    rows = [
        {
            "id": fact.id,
            "title": title_of(form, record_value(facts, fact), facts.context),
            "search": search_text(form, fact.data, fact.number),
        }
        for fact in loaded
    ]
    session.execute(_WORDS, {"rows": orjson.dumps(rows).decode(), "workspace": workspace_of(session)})


_WORDS: Final = text("""
    UPDATE record r SET title = n.title, search = lower(n.search)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(id bigint, title text, search text)
    WHERE r.workspace_id = :workspace AND r.id = n.id
      AND (r.title, r.search) IS DISTINCT FROM (n.title, lower(n.search))
""")


def _unique(session: Session, form: CompiledForm, loaded: Sequence[Fact]) -> None:
    place = {"workspace_id": workspace_of(session), "form": form.key}
    rows: list[Mapping[str, Any]] = [
        {**place, "rule": rule, "value": value, "record_id": fact.id}
        for fact in loaded
        for rule, value in unique_of(form, fact.data)
    ]
    if not rows:
        return
    made = (
        insert(RecordUnique).values(rows).on_conflict_do_nothing().returning(RecordUnique.record_id, RecordUnique.rule)
    )
    done = {(record, rule) for record, rule in session.execute(made)}
    twice = next((row for row in rows if (row["record_id"], row["rule"]) not in done), None)
    if twice is not None:
        group = twice["rule"].split(",")
        at = [",".join(each) for each in form.definition.unique].index(twice["rule"])
        raise _broken(f"/{form.key}/unique/{at}", "not_unique_yet", {"fields": group, "record": twice["record_id"]})


def _spans(session: Session, form: CompiledForm, loaded: Sequence[Fact], facts: Facts) -> None:
    for fact in loaded:
        spans = [span.to_json() for span in spans_of(form, fact.data, record_value(facts, fact), facts.context)]
        try:
            with session.begin_nested():
                session.execute(_SPANS, {"id": fact.id, "form": form.key, "spans": orjson.dumps(spans).decode()})
        except DBAPIError as error:
            if sqlstate(error) != OVERLAP:
                raise
            raise _broken(f"/{form.key}/no_overlap", "overlaps_yet", {"record": fact.id}) from None


_SPANS: Final = text("SELECT put_record_spans(:id, :form, CAST(:spans AS jsonb))")


def _broken(at: str, code: str, params: Mapping[str, Any]) -> InvalidDefinition:
    return InvalidDefinition("invalid_definition", {"kind": "form"}, (Issue(at, code, params),))


def _forget(session: Session, table: type[RecordUnique] | type[RecordSpan], form: CompiledForm) -> None:
    gone = delete(table).where(table.workspace_id == workspace_of(session), table.form == form.key)
    session.execute(gone, execution_options={"synchronize_session": False})


def _display(form: CompiledForm) -> Any:
    if not isinstance(form.display, tuple):
        return form.display.text
    named = (form.definition.by_key.get(key) for key in form.display)
    return form.display, [field and (field.type.name, field.config) for field in named]


def _searched(form: CompiledForm) -> Any:
    return [(field.path, field.definition.type.name, field.definition.config) for field in searched_fields(form)]
