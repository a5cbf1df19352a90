"""Who is who. Disabled people keep their past and hold no role for the future."""

import unicodedata
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.i18n import localized
from formloom.models import Department, LoginSession, Person, PersonRole, Role

CODES = ("login_taken", "unknown_role", "unknown_person", "required")

# RFC 5321 leaves no room for a longer mail address.
LONGEST_LOGIN = 254

Title = Mapping[str, str]


def normal_login(login: str) -> str:
    """How a login is stored and compared: NFKC, case folded, printable, trimmed, not endless."""
    folded = unicodedata.normalize("NFKC", login[:LONGEST_LOGIN]).casefold()
    return "".join(character for character in folded if character.isprintable()).strip()


def create_person(
    session: Session,
    login: str,
    name: str,
    *,
    roles: Iterable[str] = (),
    email: str | None = None,
    phone: str | None = None,
    department: Department | None = None,
    locale: str | None = None,
) -> Person:
    """A new account without a password yet. Raises InvalidInput for an empty login, Conflict when it is taken."""
    normal = normal_login(login)
    if not normal:
        raise InvalidInput("invalid_input", issues=(Issue("/login", "required"),))
    person = Person(
        workspace_id=workspace_of(session),
        login=normal,
        name=name.strip(),
        email=email or (normal if "@" in normal else None),
        phone=phone,
        department_id=department.id if department else None,
        locale=locale,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        raise Conflict("login_taken") from error
    assign_roles(session, person.id, roles)
    return person


def disable_person(session: Session, person_id: int) -> None:
    """Shut somebody out at once: open sessions end; tasks that wait for them are the flows' business."""
    person = _person(session, person_id)
    person.disabled_at = session.execute(select(func.now())).scalar_one()
    mine = (LoginSession.workspace_id == workspace_of(session), LoginSession.person_id == person_id)
    session.execute(delete(LoginSession).where(*mine))
    session.flush()


def enable_person(session: Session, person_id: int) -> None:
    """Let somebody in again."""
    _person(session, person_id).disabled_at = None
    session.flush()


def ensure_role(session: Session, key: str, title: Title) -> Role:
    """The role `key`, created or retitled."""
    statement = insert(Role).values(workspace_id=workspace_of(session), key=key, title=dict(title))
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "key"], set_={"title": statement.excluded.title}
    )
    return session.execute(statement.returning(Role), execution_options={"populate_existing": True}).scalar_one()


def assign_roles(session: Session, person_id: int, roles: Iterable[str]) -> None:
    """Give these roles besides those already held; an unknown key is InvalidInput naming it."""
    wanted = set(roles)
    if not wanted:
        return
    found = {role.key: role.id for role in session.scalars(select(Role).where(Role.key.in_(wanted)))}
    if missing := sorted(wanted - found.keys()):
        raise InvalidInput(
            "invalid_input", issues=tuple(Issue("/roles", "unknown_role", {"role": key}) for key in missing)
        )
    rows = [{"workspace_id": workspace_of(session), "person_id": person_id, "role_id": found[key]} for key in wanted]
    session.execute(insert(PersonRole).on_conflict_do_nothing(), rows)


def roles_of(session: Session, person_id: int) -> frozenset[str]:
    """The keys of the roles that this person holds; none when disabled or unknown."""
    return frozenset(
        session.scalars(
            select(Role.key)
            .join(PersonRole, (PersonRole.workspace_id == Role.workspace_id) & (PersonRole.role_id == Role.id))
            .join(Person, (Person.workspace_id == PersonRole.workspace_id) & (Person.id == PersonRole.person_id))
            .where(Person.id == person_id, Person.disabled_at.is_(None))
        )
    )


def members_of_role(session: Session, role_key: str) -> list[Person]:
    """The enabled people who hold the role, in the order in which they came."""
    return list(
        session.scalars(
            select(Person)
            .join(PersonRole, (PersonRole.workspace_id == Person.workspace_id) & (PersonRole.person_id == Person.id))
            .join(Role, (Role.workspace_id == PersonRole.workspace_id) & (Role.id == PersonRole.role_id))
            .where(Role.key == role_key, Person.disabled_at.is_(None))
            .order_by(Person.id)
        )
    )


def find_person(session: Session, login: str) -> Person:
    """The person of this workspace who logs in with `login`, disabled or not. Raises NotFound."""
    person = session.scalars(select(Person).where(Person.login == normal_login(login))).one_or_none()
    if person is None:
        raise NotFound("unknown_person")
    return person


def names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of these people, also of disabled ones; who does not exist is absent."""
    wanted = select(Person.id, Person.name).where(Person.workspace_id == workspace_of(session), Person.id.in_(set(ids)))
    return {row.id: row.name for row in session.execute(wanted)}


def search(session: Session, query: str, limit: int = 20) -> list[Person]:
    """Enabled people whose name or login holds the text, for pickers."""
    found = select(Person).where(Person.workspace_id == workspace_of(session), Person.disabled_at.is_(None))
    if text := query.strip():
        found = found.where(
            or_(Person.name.icontains(text, autoescape=True), Person.login.icontains(text, autoescape=True))
        )
    return list(session.scalars(found.order_by(Person.name, Person.id).limit(limit)))


def create_department(
    session: Session, key: str, title: Title, *, parent: Department | None = None, manager: Person | None = None
) -> Department:
    """A new department below `parent`, headed by `manager`."""
    department = Department(
        workspace_id=workspace_of(session),
        key=key,
        title=dict(title),
        parent_id=parent.id if parent else None,
        manager_id=manager.id if manager else None,
    )
    session.add(department)
    session.flush()
    return department


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
    person = _person(session, person_id)
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


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, (workspace_of(session), person_id))
    if person is None:
        raise NotFound("unknown_person", {"id": person_id})
    return person
