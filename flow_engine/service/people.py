"""Finding the people whom a flow describes, at the moment they are needed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from formloom.db.uow import workspace_of
from formloom.models import Department, GuestLink, Message, Person
from formloom.people import manager_of, managers_of, members_of_department, members_of_role
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.elements.value import Formula
from flow_engine.elements.who import (
    Best,
    Choice,
    Decider,
    DepartmentHead,
    DepartmentPeople,
    FieldPerson,
    Guest,
    GuestAgain,
    GuestOf,
    Initiator,
    Manager,
    Managers,
    Member,
    Members,
    Role,
    Who,
)
from flow_engine.machine import RunState


def person_of(ref: str) -> int | None:
    """The id in `person:12`; None for a guest."""
    kind, _, found = ref.partition(":")
    return int(found) if kind == "person" else None


def guest_of(ref: str) -> str | None:
    """The link's id in `guest:<uuid>`; None for a person."""
    kind, _, found = ref.partition(":")
    return found if kind == "guest" else None


def guest_address(session: Session, link: str) -> str | None:
    """Where a guest's invitation went by mail: the ledger knows, the link does not."""
    mine = (Message.workspace_id == workspace_of(session), Message.link == f"guest:{link}", Message.channel == "mail")
    return session.scalar(select(Message.recipient).where(*mine).order_by(Message.id).limit(1))


@dataclass(frozen=True, slots=True)
class Invited:
    """A guest for whom a link is made."""

    name: str
    phone: str
    email: str
    valid: timedelta


@dataclass
class People:
    """Answers `who` with refs. `roles` were loaded beforehand; anything else opens `session` only when it must.

    `text_of` and `persons_in` evaluate a formula over the record as it is now, `best` finds the best of several.
    `absent`: those of the roles' holders who are away; None: not known.
    """

    session: Callable[[], Session]
    roles: Mapping[str, tuple[int, ...]]
    text_of: Callable[[Formula], str]
    persons_in: Callable[[Formula], Sequence[int]]
    best: Callable[[Best, RunState], Sequence[str]]
    absent: frozenset[int] | None = None
    invited: dict[str, Invited] = field(default_factory=dict)

    def find(self, several: tuple[Who, ...], state: RunState) -> tuple[str, ...]:
        """Everybody whom these descriptions mean, each once, in their order; the disabled are left out."""
        return tuple(dict.fromkeys(ref for who in several for ref in self._find(who, state)))

    def find_to_ask(self, several: tuple[Who, ...], state: RunState) -> tuple[str, ...]:
        """As `find`; a guest who was asked before is asked by a link of its own."""
        return tuple(again for ref in self.find(several, state) for again in self._to_ask(ref))

    def _to_ask(self, ref: str) -> Iterator[str]:
        if guest_of(ref) is None or ref in self.invited:
            yield ref
        else:
            yield from self._invite_again((ref,), GuestAgain("").link_valid)

    def _find(self, who: Who, state: RunState) -> Iterator[str]:
        match who:
            case Role(role):
                yield from (f"person:{person}" for person in self._holding(role))
            case Initiator():
                if person_of(state.initiator) is not None or guest_of(state.initiator) is not None:
                    yield state.initiator  # a run that began by itself has none
            case Decider(step):
                yield from state.deciders.get(step, ())[-1:]
            case GuestOf(step):
                yield from (ref for ref in state.deciders.get(step, ())[-1:] if ref.startswith("guest:"))
            case Guest():
                yield from self._invite(who)
            case GuestAgain(step, valid):
                yield from self._invite_again(state.deciders.get(step, ())[-1:], valid)
            case Member(person):
                yield from self._enabled((person,))
            case Members(people):
                yield from self._enabled(people)
            case FieldPerson(path):
                yield from self._enabled(self.persons_in(path))
            case Choice(step=step):
                chosen = (person_of(ref) for ref in state.chosen.get(step, ()))
                yield from self._enabled([person for person in chosen if person is not None])
            case Best():
                yield from self.best(who, state)
            case Manager(level):
                yield from self._manager(person_of(state.initiator), level)
            case Managers(up_to):
                initiator = person_of(state.initiator)
                above = managers_of(self.session(), initiator, up_to) if initiator is not None else ()
                yield from (f"person:{person.id}" for person in above)
            case DepartmentPeople(department, with_below):
                yield from self._department(department, person_of(state.initiator), with_below=with_below)
            case DepartmentHead(department):
                yield from self._head(department, person_of(state.initiator))

    def _holding(self, role: str) -> tuple[int, ...]:
        held = self.roles.get(role)
        return tuple(person.id for person in members_of_role(self.session(), role)) if held is None else held

    def perhaps_absent(self, people: Collection[int]) -> set[int]:
        """Those of whom it is not known that they are here."""
        if self.absent is None:
            return set(people)
        known = {person for held in self.roles.values() for person in held} - self.absent
        return set(people) - known

    def _enabled(self, people: Sequence[int]) -> Iterator[str]:
        """Those who may log in, in the order in which they are named."""
        if not people:
            return
        there = set(
            self.session().scalars(select(Person.id).where(Person.id.in_(people), Person.disabled_at.is_(None)))
        )
        yield from (f"person:{person}" for person in people if person in there)

    def _manager(self, person: int | None, level: int) -> Iterator[str]:
        found = manager_of(self.session(), person, level) if person is not None else None
        if found is not None:
            yield f"person:{found.id}"

    def _department(self, key: str | None, person: int | None, *, with_below: bool) -> Iterator[str]:
        mine = select(Person.department_id).where(Person.id == person)
        named = select(Department.id).where(Department.key == key)
        department = self.session().scalar(mine if key is None else named)
        if department is not None:
            members = members_of_department(self.session(), department, with_below=with_below)
            yield from (f"person:{member.id}" for member in members)

    def _head(self, key: str | None, person: int | None) -> Iterator[str]:
        statement = select(Department.manager_id)
        if key is None:
            statement = statement.join(
                Person, (Person.workspace_id == Department.workspace_id) & (Person.department_id == Department.id)
            ).where(Person.id == person)
        else:
            statement = statement.where(Department.key == key)
        head = self.session().scalar(statement)
        yield from self._enabled(() if head is None else (head,))

    def _invite_again(self, refs: tuple[str, ...], valid: timedelta) -> Iterator[str]:
        """The guests among these, each by a new link to where the first one went."""
        for link in filter(None, map(guest_of, refs)):
            found = self.session().get(GuestLink, (workspace_of(self.session()), UUID(link)))
            if found is not None:
                ref = f"guest:{uuid4()}"
                email = guest_address(self.session(), link) or ""
                self.invited[ref] = Invited(found.name, found.phone or "", email, valid)
                yield ref

    def _invite(self, who: Guest) -> Iterator[str]:
        """A guest without name, phone and address is nobody."""
        name, phone, email = (self.text_of(part) if part else "" for part in (who.name, who.phone, who.email))
        if name or phone or email:
            ref = f"guest:{uuid4()}"
            self.invited[ref] = Invited(name, phone, email, who.link_valid)
            yield ref
