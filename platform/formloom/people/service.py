"""Who is who. Disabled people keep their past and hold no role for the future."""

import unicodedata
from collections.abc import Iterable

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.models import Department, LoginSession, Person
from formloom.people.roles import assign_roles

CODES = ("login_taken", "unknown_person", "required")

# RFC 5321 leaves no room for a longer mail address.
LONGEST_LOGIN = 254


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
    """A new account without a password yet. Raises InvalidInput for an empty login or name, Conflict `login_taken`."""
    normal = normal_login(login)
    missing = [pointer for pointer, told in (("/login", normal), ("/name", name.strip())) if not told]
    if missing:
        raise InvalidInput("invalid_input", issues=tuple(Issue(pointer, "required") for pointer in missing))
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


def change_person(
    session: Session,
    person_id: int,
    *,
    name: str,
    email: str | None,
    phone: str | None,
    department_id: int | None,
    locale: str | None,
) -> Person:
    """What is known of somebody; the log-in stays. Raises NotFound, InvalidInput (`required`, `unknown_department`)."""
    person = get_person(session, person_id)
    issues = [] if name.strip() else [Issue("/name", "required")]
    if department_id is not None and session.get(Department, (person.workspace_id, department_id)) is None:
        issues.append(Issue("/department", "unknown_department", {"department": department_id}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    person.name, person.email, person.phone = name.strip(), email or None, phone or None
    person.department_id, person.locale = department_id, locale
    session.flush()
    return person


def disable_person(session: Session, person_id: int) -> None:
    """Shut somebody out at once: open sessions end; tasks that wait for them are the flows' business."""
    person = get_person(session, person_id)
    person.disabled_at = session.execute(select(func.now())).scalar_one()
    mine = (LoginSession.workspace_id == workspace_of(session), LoginSession.person_id == person_id)
    session.execute(delete(LoginSession).where(*mine))
    session.flush()


def enable_person(session: Session, person_id: int) -> None:
    """Let somebody in again."""
    get_person(session, person_id).disabled_at = None
    session.flush()


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


def get_person(session: Session, person_id: int) -> Person:
    """Somebody of this workspace, disabled or not. Raises NotFound."""
    person = session.get(Person, (workspace_of(session), person_id))
    if person is None:
        raise NotFound("unknown_person", {"id": person_id})
    return person
