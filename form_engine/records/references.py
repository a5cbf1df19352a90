"""What a document names: people, files and records.

They must exist; a person links only to what they may read, and adds only files that they uploaded: a file is shown to
whoever sees a record that holds it, so naming another's would open it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Person, StoredFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Json
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms
from form_engine.records.links import new_links
from form_engine.records.write import RecordWrite


def check_references(
    session: Session, forms: Forms, form: CompiledForm, write: RecordWrite, before: Mapping[str, Json], actor: Actor
) -> None:
    """Raises InvalidInput for every new person, file or link in a write that is not there for this actor."""
    issues = [
        *unknown_references(session, form, write.data, before, actor),
        *_hidden_links(session, forms, form, write.data, before, actor),
    ]
    if issues:
        raise InvalidInput("invalid_input", {"form": form.key}, tuple(issues))


@contextmanager
def rules_tell_nothing_hidden(
    session: Session, forms: Forms, form: CompiledForm, raw: Mapping[str, Any], before: Mapping[str, Json], actor: Actor
) -> Iterator[None]:
    """Around the planning of a write: what a rule or a filter finds in a record that the actor may not read stays
    unsaid. Such links are refused alone, with the words for a record that is not there.
    """
    try:
        yield
    except InvalidInput:
        hidden = tuple(_hidden_links(session, forms, form, raw, before, actor))
        if hidden:
            raise InvalidInput("invalid_input", {"form": form.key}, hidden) from None
        raise


def _hidden_links(
    session: Session,
    forms: Forms,
    form: CompiledForm,
    data: Mapping[str, Any],
    before: Mapping[str, Json],
    actor: Actor,
) -> Iterator[Issue]:
    links = () if actor.trusted else new_links(form, data, before)
    for target in dict.fromkeys(link.form for link in links):
        wanted = [link.to_id for link in links if link.form == target]
        readable = access_for(session, forms, forms[target], actor).rights(session, wanted)
        hidden = (link for link in links if link.form == target and link.to_id not in readable)
        yield from (Issue(link.pointer, "unknown_record", {"form": target}) for link in hidden)


def unknown_references(
    session: Session, form: CompiledForm, data: Mapping[str, Json], before: Mapping[str, Json], actor: Actor
) -> tuple[Issue, ...]:
    """An issue for every new person or file that is not there, or not for this actor to add."""
    old = {(field.path, value) for _, field, value in _named(form, before)}
    named = [each for each in _named(form, data) if (each[1].path, each[2]) not in old]
    people = {value for _, field, value in named if field.definition.type.name == "member"}
    files = {value for _, field, value in named if field.definition.type.name != "member"}
    missing = (people - _people(session, people)) | (files - _files(session, files, actor))
    return tuple(
        Issue(pointer, "unknown_person" if field.definition.type.name == "member" else "unknown_file")
        for pointer, field, value in named
        if value in missing
    )


def _named(form: CompiledForm, data: Mapping[str, Json]) -> Iterator[tuple[str, CompiledField, Any]]:
    for field in form.fields:
        stored = data.get(field.key)
        yield from _in_field(field, stored, f"/{field.key}")
        if field.columns and isinstance(stored, list):
            for at, row in enumerate(stored):
                for column in field.columns:
                    if isinstance(row, dict):
                        yield from _in_field(column, row.get(column.key), f"/{field.key}/{at}/{column.key}")


def _in_field(field: CompiledField, stored: Json, pointer: str) -> Iterator[tuple[str, CompiledField, Any]]:
    if field.definition.type.name == "member" and isinstance(stored, int):
        yield pointer, field, stored
    if field.definition.type.name in ("file", "photo") and isinstance(stored, list):
        yield from ((f"{pointer}/{at}", field, each) for at, each in enumerate(stored))


def _people(session: Session, ids: set[Any]) -> set[Any]:
    if not ids:
        return set()
    return set(
        session.scalars(select(Person.id).where(Person.workspace_id == workspace_of(session), Person.id.in_(ids)))
    )


def _files(session: Session, ids: set[Any], actor: Actor) -> set[Any]:
    if not ids:
        return set()
    statement = select(StoredFile.id).where(
        StoredFile.workspace_id == workspace_of(session), StoredFile.id.in_([UUID(each) for each in ids])
    )
    if not actor.trusted:
        statement = statement.where(StoredFile.created_by == actor.ref)
    return {str(each) for each in session.scalars(statement)}
