"""What a document names: people, files and records.

They must exist; a person links only to what they may read, and adds only files that they uploaded or may read anyway: a
file is shown to whoever sees a record that holds it, so naming another's would open it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Department, Person, StoredFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.fields.base import Json
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms
from form_engine.records.named import NamedId, new_ids
from form_engine.records.write import RecordWrite

MayRead = Callable[[str], bool]
"""Whether the actor may read a stored file anyway, by its id."""


def nothing_else(file_id: str) -> bool:
    """Of those who add only what they uploaded."""
    return False


# What a rule finds hangs on the records that the input links to.
TELLING: Final = frozenset({"rule_failed", "rule_failed_to_compute", "formula_failed", "filtered_out"})


def check_references(
    session: Session,
    forms: Forms,
    form: CompiledForm,
    write: RecordWrite,
    before: Mapping[str, Json],
    actor: Actor,
    may_read: MayRead = nothing_else,
) -> None:
    """Raises InvalidInput for every new person, file or link in a write that is not there for this actor."""
    issues = [
        *unknown_references(session, form, write.data, before, actor, may_read),
        *_hidden_links(session, forms, form, write.data, before, actor)[1],
    ]
    if issues:
        raise InvalidInput("invalid_input", {"form": form.key}, tuple(issues))


def telling_nothing_hidden(
    session: Session,
    forms: Forms,
    form: CompiledForm,
    plan: Callable[[Mapping[str, Any]], RecordWrite],
    raw: Mapping[str, Any],
    before: Mapping[str, Json],
    actor: Actor,
) -> RecordWrite:
    """The planned write. What a rule or a filter finds in a record that the actor may not read stays unsaid.

    Such links are refused with the words for a record that is not there; beside them stands what is wrong with the rest
    of the input, found once more without them.
    """
    try:
        return plan(raw)
    except InvalidInput:
        links, hidden = _hidden_links(session, forms, form, raw, before, actor)
        if not hidden:
            raise
        try:
            plan(_without(raw, links))
            others: tuple[Issue, ...] = ()
        except InvalidInput as left:
            spots = {issue.pointer for issue in hidden}
            others = tuple(issue for issue in left.issues if issue.code not in TELLING and issue.pointer not in spots)
        raise InvalidInput("invalid_input", {"form": form.key}, (*hidden, *others)) from None


def _hidden_links(
    session: Session,
    forms: Forms,
    form: CompiledForm,
    data: Mapping[str, Any],
    before: Mapping[str, Json],
    actor: Actor,
) -> tuple[tuple[NamedId, ...], tuple[Issue, ...]]:
    links = () if actor.trusted else new_ids(form, data, before, "record")
    hidden: list[NamedId] = []
    for target in dict.fromkeys(link.form for link in links):
        there = [link for link in links if link.form == target]
        readable = access_for(session, forms, forms[target], actor).rights(session, [link.id for link in there])
        hidden += (link for link in there if link.id not in readable)
    return tuple(hidden), tuple(Issue(link.pointer, "unknown_record", {"form": link.form}) for link in hidden)


def _without(raw: Mapping[str, Any], links: tuple[NamedId, ...]) -> dict[str, Any]:
    """The input with these links blank."""
    found: Any = {key: _copied(value) for key, value in raw.items()}
    for link in links:
        *way, last = (int(step) if step.isdecimal() else step for step in link.pointer[1:].split("/"))
        holder = found
        for step in way:
            holder = holder[step]
        holder[last] = None
    blank = dict(found)
    for link in links:  # a list of links without the hidden ones
        key, _, column = link.field.path.partition(".")
        rows = blank[key] if column else [blank]
        for row in rows if isinstance(rows, list) else ():
            value = row.get(column or key) if isinstance(row, dict) else None
            if isinstance(value, list) and None in value:
                row[column or key] = [each for each in value if each is not None]
    return blank


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def unknown_references(
    session: Session,
    form: CompiledForm,
    data: Mapping[str, Json],
    before: Mapping[str, Json],
    actor: Actor,
    may_read: MayRead,
) -> tuple[Issue, ...]:
    """An issue for every new person, department or file that is not there, not for this actor to add, or no picture
    where one is asked for.
    """
    people = new_ids(form, data, before, "person")
    departments = new_ids(form, data, before, "department")
    files = new_ids(form, data, before, "file")
    known, existing = _there(session, Person, people), _there(session, Department, departments)
    types = _media_types(session, {each.id for each in files}, actor, may_read)
    return (
        *(Issue(each.pointer, "unknown_person") for each in people if each.id not in known),
        *(Issue(each.pointer, "unknown_department") for each in departments if each.id not in existing),
        *(Issue(each.pointer, "unknown_file") for each in files if each.id not in types),
        *(
            Issue(each.pointer, "unaccepted_type", {"type": types[each.id], "accept": ["image/*"]})
            for each in files
            if each.field.definition.type.name in ("photo", "signature")
            and not types.get(each.id, "image/").startswith("image/")
        ),
    )


def _there(session: Session, model: type[Person] | type[Department], named: tuple[NamedId, ...]) -> set[int]:
    if not named:
        return set()
    wanted = {each.id for each in named}
    return set(
        session.scalars(select(model.id).where(model.workspace_id == workspace_of(session), model.id.in_(wanted)))
    )


def _media_types(session: Session, ids: set[Any], actor: Actor, may_read: MayRead) -> dict[str, str]:
    """By id: the media types of those of these files that this actor may add."""
    if not ids:
        return {}
    statement = select(StoredFile.id, StoredFile.media_type, StoredFile.created_by).where(
        StoredFile.workspace_id == workspace_of(session), StoredFile.id.in_(list(_uuids(ids)))
    )
    return {
        str(file_id): media_type
        for file_id, media_type, uploader in session.execute(statement)
        if actor.trusted or uploader == actor.ref or may_read(str(file_id))
    }


def _uuids(ids: set[Any]) -> Iterator[UUID]:
    for each in ids:
        try:
            yield UUID(each)
        except ValueError:
            continue
