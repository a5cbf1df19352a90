"""People as administrators look through them: filters and pages in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import Person, PersonRole, Role

STATES = ("enabled", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to show; what is None does not matter. `q` is part of name or log-in; `department` is an id."""

    q: str | None = None
    role: str | None = None
    department: int | None = None
    state: str | None = None


def listing(
    session: Session, wanted: Wanted, *, after: tuple[str, int] | None = None, limit: int = 50
) -> Sequence[Person]:
    """A page by name; `after` is (name, id) at which the last page ended."""
    conditions = _conditions(session, wanted)
    if after is not None:
        conditions.append(tuple_(Person.name, Person.id) > after)
    statement = select(Person).where(*conditions).order_by(Person.name, Person.id)
    return session.scalars(statement.limit(limit)).all()


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    here = workspace_of(session)
    conditions: list[ColumnElement[bool]] = [Person.workspace_id == here]
    if wanted.q and (words := wanted.q.strip()):
        conditions.append(or_(*(column.icontains(words, autoescape=True) for column in (Person.name, Person.login))))
    if wanted.role is not None:
        held = select(PersonRole.person_id).join(
            Role, (Role.workspace_id == PersonRole.workspace_id) & (Role.id == PersonRole.role_id)
        )
        mine = held.where(PersonRole.workspace_id == here, PersonRole.person_id == Person.id, Role.key == wanted.role)
        conditions.append(exists(mine.correlate(Person)))
    if wanted.department is not None:
        conditions.append(Person.department_id == wanted.department)
    if wanted.state is not None:
        conditions.append(
            Person.disabled_at.is_(None) if wanted.state == "enabled" else Person.disabled_at.is_not(None)
        )
    return conditions
