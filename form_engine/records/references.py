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
    links = () if actor.trusted else [link for link in new_links(form, data, before) if link.to_id > 0]
    for target in dict.fromkeys(link.form for link in links):
        wanted = [link.to_id for link in links if link.form == target]
        readable = access_for(session, forms, forms[target], actor).rights(session, wanted)
        hidden = (link for link in links if link.form == target and link.to_id not in readable)
        yield from (Issue(link.pointer, "unknown_record", {"form": target}) for link in hidden)


def unknown_references(
    session: Session, form: CompiledForm, data: Mapping[str, Json], before: Mapping[str, Json], actor: Actor
) -> tuple[Issue, ...]:
    """An issue for every new person or file that is not there, not for this actor to add, or no picture for a photo."""
    old = {(field.path, value) for _, field, value in _named(form, before)}
    named = [each for each in _named(form, data) if (each[1].path, each[2]) not in old]
    members = [each for each in named if each[1].definition.type.name == "member"]
    people = _people(session, {value for _, _, value in members})
    uploads = [each for each in named if each[1].definition.type.name != "member"]
    types = _media_types(session, {value for _, _, value in uploads}, actor)
    return (
        *(Issue(pointer, "unknown_person") for pointer, _, value in members if value not in people),
        *(Issue(pointer, "unknown_file") for pointer, _, value in uploads if value not in types),
        *(
            Issue(pointer, "unaccepted_type", {"type": types[value], "accept": ["image/*"]})
            for pointer, field, value in uploads
            if field.definition.type.name == "photo" and not types.get(value, "image/").startswith("image/")
        ),
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


def _media_types(session: Session, ids: set[Any], actor: Actor) -> dict[str, str]:
    """By id: the media types of those of these files that this actor may add."""
    if not ids:
        return {}
    statement = select(StoredFile.id, StoredFile.media_type).where(
        StoredFile.workspace_id == workspace_of(session), StoredFile.id.in_([UUID(each) for each in ids])
    )
    if not actor.trusted:
        statement = statement.where(StoredFile.created_by == actor.ref)
    return {str(file_id): media_type for file_id, media_type in session.execute(statement)}
