"""The fictitious people of a bundle's demo (`sample/people.json`): read, and created with departments and roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formloom.db.uow import workspace_of
from formloom.models import Department, Person
from formloom.people import create_department, create_person
from sqlalchemy import select
from sqlalchemy.orm import Session

from apps.json_file import read_json
from apps.schemas import check_shape


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody of the demo. Stories and sample rows speak of them by `handle`."""

    handle: str
    name: str
    login: str
    roles: tuple[str, ...]
    phone: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class SampleDepartment:
    """A department; `manager` is a handle, `parent` stands before it in the list."""

    key: str
    title: Mapping[str, str]
    parent: str | None = None
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who works at the demo's firm."""

    departments: tuple[SampleDepartment, ...]
    people: tuple[SamplePerson, ...]


def read_organisation(folder: Path) -> Organisation:
    """The organisation of a bundle. Raises InvalidDefinition that names the file."""
    shown = "sample/people.json"
    raw: Any = read_json(folder / shown, shown)
    check_shape("people", raw, shown)
    return Organisation(
        tuple(SampleDepartment(**each) for each in raw["departments"]),
        tuple(SamplePerson(**{**each, "roles": tuple(each["roles"])}) for each in raw["people"]),
    )


def create_organisation(session: Session, organisation: Organisation) -> dict[str, int]:
    """Create departments and people (without passwords); the people's ids by handle."""
    departments: dict[str, Department] = {}
    for each in organisation.departments:
        parent = departments[each.parent] if each.parent else None
        departments[each.key] = create_department(session, each.key, each.title, parent=parent.id if parent else None)
    ids: dict[str, int] = {}
    for person in organisation.people:
        department = departments[person.department] if person.department else None
        created = create_person(
            session, person.login, person.name, roles=person.roles, phone=person.phone, department=department
        )
        ids[person.handle] = created.id
    for each in organisation.departments:
        if each.manager is not None:
            departments[each.key].manager_id = ids[each.manager]
    session.flush()
    return ids


def ids_by_handle(session: Session, organisation: Organisation) -> dict[str, int]:
    """The ids of an organisation that was created before."""
    logins = {person.login: person.handle for person in organisation.people}
    found = select(Person.login, Person.id).where(
        Person.workspace_id == workspace_of(session), Person.login.in_(logins)
    )
    return {logins[login]: person_id for login, person_id in session.execute(found)}
