"""Who is asked or told. A `Who` only describes; the shell finds the people at the moment they are needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from flow_engine.elements.duration import parse_duration
from flow_engine.elements.reason import Reason, read_reasons
from flow_engine.elements.value import Formula

DEFAULT_LINK_LIFE = timedelta(hours=72)
OPEN_TASKS = "open_tasks"


@dataclass(frozen=True, slots=True)
class Member:
    """One person."""

    person: int


@dataclass(frozen=True, slots=True)
class Members:
    """These people, in this order."""

    people: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """Everybody who holds the role and may log in."""

    role: str


@dataclass(frozen=True, slots=True)
class DepartmentPeople:
    """Everybody of the named department, or of the initiator's own; `with_below`: and of those below it."""

    department: str | None
    with_below: bool = False


@dataclass(frozen=True, slots=True)
class DepartmentHead:
    """The head of the named department, or of the initiator's own."""

    department: str | None


@dataclass(frozen=True, slots=True)
class Manager:
    """The initiator's manager; level 2 is the manager's manager."""

    level: int


@dataclass(frozen=True, slots=True)
class Managers:
    """The initiator's manager, theirs, and so on, up to a level: the nearest first."""

    up_to: int


@dataclass(frozen=True, slots=True)
class Initiator:
    """Whoever started the run."""


@dataclass(frozen=True, slots=True)
class FieldPerson:
    """The person, or the people, whom a formula over the record names (`order.owner`)."""

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


@dataclass(frozen=True, slots=True)
class GuestAgain:
    """The guest whom an earlier step asked, asked once more: by a link of its own."""

    step: str
    link_valid: timedelta = DEFAULT_LINK_LIFE * 4


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom the initiator picked for `step` when they submitted, out of `among` (anybody, if that is empty)."""

    among: "tuple[Who, ...]"
    many: bool = False
    step: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing by which candidates are compared.

    `nearest`: the metres that `value` gives, in kilometres rounded to `unit`; `least` and `most` of a formula; `least`
    without one counts open tasks; `round_robin`: whoever had a turn at this step the longest ago. `label` names it in
    the reason.
    """

    by: Literal["nearest", "least", "most", "round_robin"]
    value: Formula | None = None
    unit: Decimal | None = None
    label: Mapping[str, str] | str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """The work is offered to one after another, each for a duration; when nobody took it, `then` are asked outright.

    `passes`: accepting is all there is to do, the step is over with it.
    """

    within: str
    then: "tuple[Who, ...]" = ()
    reasons: tuple[Reason, ...] = ()
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Best:
    """The best of several: of `among`, or of the people named in `person` of the records of `form` for which `where`
    holds (`target.` is the record). `into`: the link of the run's record that keeps which record it was."""

    order: tuple[Order, ...]
    among: "tuple[Who, ...]" = ()
    form: str = ""
    person: str = ""
    where: Formula | None = None
    offer: Offer | None = None
    into: str = ""

    @property
    def goes_round(self) -> bool:
        """Whether turns are taken."""
        return any(order.by == "round_robin" for order in self.order)

    @property
    def formulas(self) -> Iterator[tuple[str, Formula]]:
        """Each with the pointer below `best`."""
        if self.where is not None:
            yield "/where", self.where
        for at, order in enumerate(self.order):
            if order.value is not None:
                yield f"/order/{at}", order.value


Who = (
    Member
    | Members
    | Role
    | DepartmentPeople
    | DepartmentHead
    | Manager
    | Managers
    | Initiator
    | FieldPerson
    | Decider
    | Guest
    | GuestOf
    | GuestAgain
    | Choice
    | Best
)


def parse_who(raw: Mapping[str, Any]) -> Who:
    """One entry of `by` or `to`; its shape has been checked by the schema."""
    match raw:
        case {"member": int(person)}:
            return Member(person)
        case {"members": [*people]}:
            return Members(tuple(people))
        case {"role": str(role)}:
            return Role(role)
        case {"department": str() | True as department}:
            return DepartmentPeople(None if department is True else department, raw.get("with_below", False))
        case {"department_head": str() | True as department}:
            return DepartmentHead(None if department is True else department)
        case {"manager": int(level)}:
            return Manager(level)
        case {"managers": {"up_to": int(level)}}:
            return Managers(level)
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
        case {"choice": _}:
            return Choice(parse_people(raw["choice"].get("from")), raw["choice"].get("many", False))
        case {"best": _}:
            return _best(raw["best"])
    return Initiator()


def _best(raw: Mapping[str, Any]) -> Best:
    source = raw["from"]
    records = isinstance(source, dict) and "form" in source
    return Best(
        tuple(_order(one) for one in raw["order"]),
        among=() if records else parse_people(source),
        form=source["form"] if records else "",
        person=source["person"] if records else "",
        where=Formula(raw["where"]) if "where" in raw else None,
        offer=_offer(raw["offer"]) if "offer" in raw else None,
        into=raw.get("into", ""),
    )


def _order(raw: Any) -> Order:
    if raw == "round_robin":
        return Order("round_robin")
    label = raw.get("label")
    if "nearest" in raw:
        here, there = raw["nearest"]
        return Order("nearest", Formula(f"DISTANCE({here}, {there})"), Decimal(raw.get("round", "0.1")), label)
    by: Literal["least", "most"] = "least" if "least" in raw else "most"
    return Order(by, None if raw[by] == OPEN_TASKS else Formula(raw[by]), None, label)


def _offer(raw: Mapping[str, Any]) -> Offer:
    then = raw.get("then", "stuck")
    reasons, passes = read_reasons(raw), raw.get("accepted") == "passes"
    return Offer(raw["for"], () if then == "stuck" else parse_people(then), reasons, passes)


def parse_people(raw: Mapping[str, Any] | list[Mapping[str, Any]] | None) -> tuple[Who, ...]:
    """`by` and `to` take one description or several; several are asked together."""
    if raw is None:
        return ()
    return tuple(parse_who(one) for one in (raw if isinstance(raw, list) else [raw]))


def chosen_for(people: tuple[Who, ...], step: str) -> tuple[Who, ...]:
    """The same, with the initiator's choices named after the step that asks for them."""
    return tuple(replace(who, step=step) if isinstance(who, Choice) else who for who in people)


def every(people: tuple[Who, ...]) -> Iterator[Who]:
    """These descriptions and those inside them."""
    for who in people:
        yield who
        if isinstance(who, Choice | Best):
            yield from every(who.among)
        if isinstance(who, Best) and who.offer is not None:
            yield from every(who.offer.then)


def roles_in(people: tuple[Who, ...]) -> Iterator[str]:
    """The roles that these descriptions name."""
    return (who.role for who in every(people) if isinstance(who, Role))


def formulas_in(people: tuple[Who, ...], at: str = "") -> Iterator[tuple[str, Formula, str]]:
    """The formulas that these descriptions read: the pointer below them, the formula, and the form of `target.`."""
    for number, who in enumerate(people):
        here = f"{at}/{number}" if len(people) > 1 else at
        match who:
            case FieldPerson(path):
                yield f"{here}/field", path, ""
            case Guest(name, phone, email):
                yield from ((here, formula, "") for formula in (name, phone, email) if formula is not None)
            case Choice(among):
                yield from formulas_in(among, f"{here}/choice/from")
            case Best():
                yield from ((f"{here}/best{below}", formula, who.form) for below, formula in who.formulas)
                yield from formulas_in(who.among, f"{here}/best/from")
                yield from formulas_in(who.offer.then if who.offer else (), f"{here}/best/offer/then")
