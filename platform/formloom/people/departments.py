"""The tree of departments, and who heads whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.i18n import localized
from formloom.models import Department, Person
from formloom.people.roles import Title, check_named
from formloom.people.service import get_person

CODES = ("unknown_department", "department_taken", "department_used", "department_below_itself", "unknown_person")


@dataclass(frozen=True, slots=True)
class Node:
    """A department in the tree: how deep it lies, who heads it, how many enabled people are in it (not below)."""

    id: int
    key: str
    title: Title
    parent: int | None
    manager: int | None
    depth: int
    people: int


def tree(session: Session) -> tuple[Node, ...]:
    """All departments, each before those below it, in the order in which they came."""
    here = workspace_of(session)
    counted = select(Person.department_id, func.count()).where(
        Person.workspace_id == here, Person.disabled_at.is_(None), Person.department_id.is_not(None)
    )
    counts = {row[0]: row[1] for row in session.execute(counted.group_by(Person.department_id))}
    below: dict[int | None, list[Department]] = {}
    for one in session.scalars(select(Department).where(Department.workspace_id == here).order_by(Department.id)):
        below.setdefault(one.parent_id, []).append(one)
    found: list[Node] = []
    waiting = [(one, 0) for one in reversed(below.get(None, []))]
    while waiting:
        one, depth = waiting.pop()
        found.append(Node(one.id, one.key, one.title, one.parent_id, one.manager_id, depth, counts.get(one.id, 0)))
        waiting += [(each, depth + 1) for each in reversed(below.get(one.id, []))]
    return tuple(found)


def create_department(
    session: Session, key: str, title: Title, *, parent: int | None = None, manager: int | None = None
) -> Department:
    """A new department below `parent`, headed by `manager` (ids). Raises InvalidInput, Conflict `department_taken`."""
    check_named(key, title)
    _check_place(session, None, parent, manager)
    department = Department(
        workspace_id=workspace_of(session), key=key, title=dict(title), parent_id=parent, manager_id=manager
    )
    try:
        with session.begin_nested():
            session.add(department)
    except IntegrityError as error:
        raise Conflict("department_taken", {"key": key}) from error
    return department


def change_department(
    session: Session, department_id: int, title: Title, parent: int | None, manager: int | None
) -> Department:
    """Call it, place it, have it headed differently. Raises NotFound, InvalidInput (`department_below_itself`)."""
    department = get_department(session, department_id)
    check_named(department.key, title)
    _check_place(session, department_id, parent, manager)
    department.title, department.parent_id, department.manager_id = dict(title), parent, manager
    session.flush()
    return department


def remove_department(session: Session, department_id: int) -> None:
    """Raises NotFound; Conflict `department_used` while people (also disabled ones) or departments are in it."""
    department = get_department(session, department_id)
    here = workspace_of(session)
    people = select(func.count()).where(Person.workspace_id == here, Person.department_id == department_id)
    below = select(func.count()).where(Department.workspace_id == here, Department.parent_id == department_id)
    counts = {"people": session.execute(people).scalar_one(), "below": session.execute(below).scalar_one()}
    if any(counts.values()):
        raise Conflict("department_used", counts)
    session.delete(department)
    session.flush()


def get_department(session: Session, department_id: int) -> Department:
    """One of this workspace. Raises NotFound."""
    found = session.get(Department, (workspace_of(session), department_id))
    if found is None:
        raise NotFound("unknown_department", {"id": department_id})
    return found


def department_names(session: Session, ids: Iterable[int], locale: str) -> dict[int, str]:
    """The titles of these departments; one that does not exist is absent."""
    wanted = select(Department.id, Department.title).where(
        Department.workspace_id == workspace_of(session), Department.id.in_(set(ids))
    )
    return {row.id: localized(row.title, locale) for row in session.execute(wanted)}


def search_departments(session: Session, query: str, locale: str, limit: int = 20) -> list[tuple[int, str]]:
    """Departments whose title, in any language, or key holds the text, with their ids, for pickers."""
    found = select(Department.id, Department.title).where(Department.workspace_id == workspace_of(session))
    if text := query.strip():
        words = func.jsonb_each_text(Department.title).table_valued("key", "value", name="words")
        named = select(words.c.value).where(words.c.value.icontains(text, autoescape=True)).correlate(Department)
        found = found.where(or_(exists(named), Department.key.icontains(text, autoescape=True)))
    rows = session.execute(found.order_by(Department.id).limit(limit))
    return [(row.id, localized(row.title, locale)) for row in rows]


def manager_of(session: Session, person_id: int, level: int = 1) -> Person | None:
    """The person's `level`-th superior: heads of the department and of those above, without oneself and the disabled.

    None when the tree ends before.
    """
    person = get_person(session, person_id)
    department_id, found, seen = person.department_id, 0, set[int]()
    while department_id is not None and department_id not in seen:
        seen.add(department_id)
        department = session.get_one(Department, (person.workspace_id, department_id))
        head = session.get(Person, (person.workspace_id, department.manager_id)) if department.manager_id else None
        if head is not None and head.id != person_id and head.disabled_at is None:
            found += 1
            if found == level:
                return head
        department_id = department.parent_id
    return None


def managers_of(session: Session, person_id: int, up_to: int) -> list[Person]:
    """The person's superiors, the nearest first, at most so many, each once."""
    found = (manager_of(session, person_id, level) for level in range(1, up_to + 1))
    return list({person.id: person for person in found if person is not None}.values())


def members_of_department(session: Session, department_id: int, *, with_below: bool = False) -> list[Person]:
    """The enabled people of a department, and of those below it, in the order in which they came."""
    here = workspace_of(session)
    mine = select(Department.id).where(Department.workspace_id == here, Department.id == department_id)
    if with_below:
        tree = mine.cte("tree", recursive=True)
        below = select(Department.id).where(Department.workspace_id == here, Department.parent_id == tree.c.id)
        mine = select(tree.union(below).c.id)
    statement = select(Person).where(
        Person.workspace_id == here, Person.department_id.in_(mine), Person.disabled_at.is_(None)
    )
    return list(session.scalars(statement.order_by(Person.id)))


def _check_place(session: Session, department_id: int | None, parent: int | None, manager: int | None) -> None:
    """The chain above is walked under a lock on the departments that it meets, so that two moves make no ring."""
    issues, here, above = [], workspace_of(session), parent
    while above is not None:
        if above == department_id:
            issues.append(Issue("/parent", "department_below_itself"))
            break
        found = session.get(Department, (here, above), with_for_update=True, populate_existing=True)
        if found is None:
            issues.append(Issue("/parent", "unknown_department"))
            break
        above = found.parent_id
    if manager is not None and session.get(Person, (here, manager)) is None:
        issues.append(Issue("/manager", "unknown_person"))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
