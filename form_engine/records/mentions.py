"""People who are named in words about a record, and whether they may know of it."""

import re
from collections.abc import Collection, Iterable, Sequence

from formloom import people
from formloom.db.uow import workspace_of
from formloom.errors import Issue
from formloom.models import Person
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact


def named_in(session: Session, body: str) -> tuple[int, ...]:
    """The people whose name stands after an @ in the words; of names that begin alike the longest counts."""
    if "@" not in body:
        return ()
    statement = select(Person.id, Person.name).where(
        Person.workspace_id == workspace_of(session),
        Person.disabled_at.is_(None),
        Person.name != "",
        func.strpos(body, func.concat("@", Person.name)) > 0,
    )
    named: dict[str, list[int]] = {}
    for person, name in session.execute(statement):
        named.setdefault(name, []).append(person)
    found = {part.removeprefix("@") for part, is_name in split_at_names(body, named) if is_name}
    return tuple(sorted(person for name in found for person in named[name]))


def split_at_names(body: str, names: Iterable[str]) -> list[tuple[str, bool]]:
    """The words in pieces; those that are the `@name` of one of these say so."""
    wanted = sorted({name for name in names if name}, key=len, reverse=True)
    if not wanted:
        return [(body, False)]
    split = re.split("(@(?:" + "|".join(map(re.escape, wanted)) + "))", body)
    return [(part, at % 2 == 1) for at, part in enumerate(split) if part]


def unreachable(session: Session, forms: FormStore, record: Fact, mentions: Sequence[int]) -> list[Issue]:
    """An issue for each who would be told of a record that they may not open; it names them."""
    if not mentions:
        return []
    found = {person.id: person for person in session.scalars(_people(session, mentions))}
    world = forms.forms(session)
    issues = []
    for at, person_id in enumerate(mentions):
        person = found.get(person_id)
        if person is None or person.disabled_at is not None:
            issues.append(Issue(f"/mentions/{at}", "unknown_person"))
            continue
        reader = Actor.person(person.id, people.roles_of(session, person.id), person.name)
        seen = access_for(session, world, world[record.form], reader).rights(session, [record.id])
        if not seen or (record.draft and record.created_by != person.id):
            issues.append(Issue(f"/mentions/{at}", "mention_cannot_read", {"name": person.name}))
    return issues


def _people(session: Session, ids: Collection[int]) -> Select[Person]:
    return select(Person).where(Person.workspace_id == workspace_of(session), Person.id.in_(ids))
