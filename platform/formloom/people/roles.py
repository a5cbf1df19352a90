"""Roles: what they are called, who holds them."""

import re
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.models import Person, PersonRole, Role

CODES = ("unknown_role", "role_taken", "role_held", "role_needed_always", "last_admin", "bad_key", "required")

ADMIN = "admin"
"""Who holds it may change everything; somebody always does."""

KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
Title = Mapping[str, str]


def ensure_role(session: Session, key: str, title: Title) -> Role:
    """The role `key`, created or retitled."""
    statement = insert(Role).values(workspace_id=workspace_of(session), key=key, title=dict(title))
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "key"], set_={"title": statement.excluded.title}
    )
    return session.execute(statement.returning(Role), execution_options={"populate_existing": True}).scalar_one()


def create_role(session: Session, key: str, title: Title) -> Role:
    """A new role. Raises InvalidInput for a key or title that cannot be, Conflict `role_taken`."""
    check_named(key, title)
    role = Role(workspace_id=workspace_of(session), key=key, title=dict(title))
    try:
        with session.begin_nested():
            session.add(role)
    except IntegrityError as error:
        raise Conflict("role_taken", {"role": key}) from error
    return role


def retitle_role(session: Session, key: str, title: Title) -> None:
    """Call it something else. Raises NotFound, InvalidInput."""
    role = get_role(session, key)
    check_named(key, title)
    role.title = dict(title)
    session.flush()


def remove_role(session: Session, key: str) -> None:
    """Raises NotFound; Conflict `role_needed_always` for administrators, `role_held` while anybody (also somebody
    disabled) holds it.

    Whether definitions speak of it is for whoever knows definitions to ask.
    """
    role = get_role(session, key)
    if key == ADMIN:
        raise Conflict("role_needed_always", {"role": key})
    held = select(func.count()).where(PersonRole.workspace_id == role.workspace_id, PersonRole.role_id == role.id)
    if count := session.execute(held).scalar_one():
        raise Conflict("role_held", {"role": key, "count": count})
    session.delete(role)
    session.flush()


def get_role(session: Session, key: str) -> Role:
    """A role by its key. Raises NotFound."""
    found = session.scalars(select(Role).where(Role.workspace_id == workspace_of(session), Role.key == key)).first()
    if found is None:
        raise NotFound("unknown_role", {"role": key})
    return found


def all_roles(session: Session) -> dict[str, tuple[Title, int]]:
    """By key, in the order in which they came: what it is called, how many enabled people hold it."""
    holds = (PersonRole.workspace_id == Role.workspace_id) & (PersonRole.role_id == Role.id)
    there = (
        (Person.workspace_id == Role.workspace_id) & (Person.id == PersonRole.person_id) & Person.disabled_at.is_(None)
    )
    statement = (
        select(Role.key, Role.title, func.count(Person.id)).outerjoin(PersonRole, holds).outerjoin(Person, there)
    )
    rows = session.execute(
        statement.where(Role.workspace_id == workspace_of(session))
        .group_by(Role.id, Role.key, Role.title)
        .order_by(Role.id)
    )
    return {key: (title, count) for key, title, count in rows}


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


def set_roles(session: Session, person_id: int, roles: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Give exactly these; returns which came and which went. Raises InvalidInput for an unknown one, Conflict
    `last_admin` where nobody would be administrator any more."""
    here, wanted = workspace_of(session), frozenset(roles)
    hold_administrators(session)
    before = held_by(session, person_id)
    if ADMIN in before - wanted and [one.id for one in members_of_role(session, ADMIN)] == [person_id]:
        raise Conflict("last_admin")
    assign_roles(session, person_id, wanted - before)
    gone = select(Role.id).where(Role.workspace_id == here, Role.key.in_(before - wanted))
    mine = (PersonRole.workspace_id == here, PersonRole.person_id == person_id)
    session.execute(delete(PersonRole).where(*mine, PersonRole.role_id.in_(gone)))
    return wanted - before, before - wanted


def hold_administrators(session: Session) -> None:
    """Until this transaction ends, nobody else makes anybody an administrator or ends that they are one.

    Two administrators who take the role from each other, or shut each other's account, at one moment: one waits, and
    then is the last.
    """
    here = workspace_of(session)
    session.execute(select(Role.id).where(Role.workspace_id == here, Role.key == ADMIN).with_for_update())


def held_by(session: Session, person_id: int) -> frozenset[str]:
    """The keys of the roles of somebody, also of somebody disabled, who holds them again when enabled."""
    joined = (PersonRole.workspace_id == Role.workspace_id) & (PersonRole.role_id == Role.id)
    mine = (PersonRole.workspace_id == workspace_of(session), PersonRole.person_id == person_id)
    return frozenset(session.scalars(select(Role.key).join(PersonRole, joined).where(*mine)))


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


def roles_of_all(session: Session, people: Collection[int]) -> dict[int, tuple[str, ...]]:
    """By person, the keys of the roles that these people hold, also disabled ones, in the order in which roles came."""
    joined = (PersonRole.workspace_id == Role.workspace_id) & (PersonRole.role_id == Role.id)
    statement = (
        select(PersonRole.person_id, func.array_agg(aggregate_order_by(Role.key, Role.id)))
        .join(Role, joined)
        .where(PersonRole.workspace_id == workspace_of(session), PersonRole.person_id.in_(people))
        .group_by(PersonRole.person_id)
    )
    return {person: tuple(keys) for person, keys in session.execute(statement)}


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


def check_named(key: str, title: Title) -> None:
    """Raises InvalidInput for a key that no definition could name, or where nothing is said in any language."""
    issues = [] if KEY.fullmatch(key) else [Issue("/key", "bad_key")]
    if not any(words.strip() for words in title.values()):
        issues.append(Issue("/title", "required"))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
