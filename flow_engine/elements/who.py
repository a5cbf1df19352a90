"""Who is asked or told. A `Who` only describes; the shell finds the people at the moment they are needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flow_engine.elements.duration import parse_duration
from flow_engine.elements.value import Formula

DEFAULT_LINK_LIFE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Member:
    """One person."""

    person: int


@dataclass(frozen=True, slots=True)
class Role:
    """Everybody who holds the role and may log in."""

    role: str


@dataclass(frozen=True, slots=True)
class DepartmentHead:
    """The head of the named department, or of the initiator's own."""

    department: str | None


@dataclass(frozen=True, slots=True)
class Manager:
    """The initiator's manager; level 2 is the manager's manager."""

    level: int


@dataclass(frozen=True, slots=True)
class Initiator:
    """Whoever started the run."""


@dataclass(frozen=True, slots=True)
class FieldPerson:
    """The person whom a formula over the record names (`order.owner`)."""

    path: Formula


@dataclass(frozen=True, slots=True)
class Decider:
    """Whoever decided an earlier step."""

    step: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody without an account, who gets a signed link that lives for `link_valid`."""

    name: Formula
    phone: Formula | None
    email: Formula | None
    link_valid: timedelta


@dataclass(frozen=True, slots=True)
class GuestOf:
    """The guest whom an earlier step asked. Can be told something, not asked again."""

    step: str


Who = Member | Role | DepartmentHead | Manager | Initiator | FieldPerson | Decider | Guest | GuestOf


def parse_who(raw: Mapping[str, Any]) -> Who:
    """One entry of `by` or `to`; its shape has been checked by the schema."""
    match raw:
        case {"member": int(person)}:
            return Member(person)
        case {"role": str(role)}:
            return Role(role)
        case {"department_head": str(department)}:
            return DepartmentHead(department)
        case {"department_head": True}:
            return DepartmentHead(None)
        case {"manager": int(level)}:
            return Manager(level)
        case {"field": str(path)}:
            return FieldPerson(Formula(path))
        case {"decider": str(step)}:
            return Decider(step)
        case {"guest": str(step)}:
            return GuestOf(step)
        case {"guest": {"name": str(name)} as guest}:
            return Guest(
                Formula(name),
                Formula(guest["phone"]) if "phone" in guest else None,
                Formula(guest["email"]) if "email" in guest else None,
                parse_duration(raw.get("link_valid", "")) or DEFAULT_LINK_LIFE,
            )
    return Initiator()


def parse_people(raw: Mapping[str, Any] | list[Mapping[str, Any]] | None) -> tuple[Who, ...]:
    """`by` and `to` take one description or several; several are asked together."""
    if raw is None:
        return ()
    return tuple(parse_who(one) for one in (raw if isinstance(raw, list) else [raw]))


def roles_in(people: tuple[Who, ...]) -> Iterator[str]:
    """The roles that these descriptions name."""
    return (who.role for who in people if isinstance(who, Role))


def formulas_in(people: tuple[Who, ...]) -> Iterator[Formula]:
    """The formulas that these descriptions read from the record."""
    for who in people:
        match who:
            case FieldPerson(path):
                yield path
            case Guest(name, phone, email):
                yield from (formula for formula in (name, phone, email) if formula is not None)
