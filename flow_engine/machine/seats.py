"""The places at a step: one for each voice that is asked for, and what the voices together decide. Pure.

Everything that people do about who decides is a change of seats: one after another, a transfer, a delegate who only
advises, further signers before, beside or after, taking one off again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from formloom.frozen import quick, replace

from flow_engine.machine.found import Found

Asked = Literal["asked", "waiting", "agreed", "against", "off"]
"""`waiting` for other seats; `agreed` and `against` have spoken; `off`: taken off again."""

Mode = Literal["any", "all", "sequence"] | Decimal
"""How many must agree: one, all, all one after another, or at least this share of the weight."""

Place = Literal["before", "beside", "after"]

Verdict = Literal["open", "agreed", "against"]


@quick
@dataclass(frozen=True, slots=True)
class Seat:
    """One voice. `ref` is who is asked for it now.

    `after`: the numbers of the seats that must have agreed before it is asked. `of`: on whose behalf `ref` advises; the
    seat goes back to them. `by`: who added it. `must`: it is needed besides those whom the mode counts. `stands_for`:
    the absent person whose voice it is. `twin`: the seat of that person, who is asked as well; either voice is both.
    `why`: how they were chosen.
    """

    ref: str
    state: Asked = "asked"
    after: tuple[int, ...] = ()
    of: str = ""
    by: str = ""
    must: bool = False
    weight: int = 1
    stands_for: str = ""
    twin: int | None = None
    why: Mapping[str, Any] = field(default_factory=dict)

    @property
    def voices(self) -> tuple[str, ...]:
        """Everybody who has acted once this seat has spoken, whoever spoke last."""
        return (self.stands_for, self.ref) if self.stands_for else (self.ref,)

    @property
    def told(self) -> dict[str, Any]:
        """What there is to say about why they sit here."""
        return {**({"for": self.stands_for} if self.stands_for else {}), **self.why}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; what is usual is left out."""
        told: dict[str, Any] = {"ref": self.ref, "state": self.state}
        told |= {name: getattr(self, name) for name in ("of", "by", "must", "stands_for") if getattr(self, name)}
        if self.after:
            told["after"] = list(self.after)
        if self.weight != 1:
            told["weight"] = self.weight
        if self.twin is not None:
            told["twin"] = self.twin
        if self.why:
            told["why"] = dict(self.why)
        return told

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Seat":
        """What `to_json` wrote."""
        return cls(**{**raw, "after": tuple(raw.get("after", ()))})


Seats = tuple[Seat, ...]


def seated(people: Iterable[str | Found], mode: Mode = "any", weights: Mapping[str, int] | None = None) -> Seats:
    """A seat for each, in their order; in a sequence each waits for the one before.

    A proxy who is asked beside the absent one takes a seat behind all the others.
    """
    several = [Found(one) if isinstance(one, str) else one for one in people]
    own = [found for found in several if not found.beside]
    chain = mode == "sequence"
    seats = [
        Seat(
            found.ref,
            "waiting" if chain and number else "asked",
            (number - 1,) if chain and number else (),
            weight=(weights or {}).get(found.ref, 1),
            stands_for=found.stands_for,
            why=found.why,
        )
        for number, found in enumerate(own)
    ]
    places = {found.ref: number for number, found in enumerate(own)}
    for found in several:
        if found.beside:
            at = places.get(found.stands_for)
            beside = seats[at] if at is not None else Seat(found.ref)
            seats.append(replace(beside, ref=found.ref, stands_for=found.stands_for, twin=at, why=found.why))
    return tuple(seats)


def alone(seats: Seats, number: int) -> Seats:
    """One of two who are one voice has acted: the other need not."""
    voice = seats[number].twin if seats[number].twin is not None else number
    return tuple(
        replace(seat, state="off")
        if at != number and voice in (at, seat.twin) and seat.state in ("asked", "waiting")
        else seat
        for at, seat in enumerate(seats)
    )


def asked(seats: Seats) -> tuple[str, ...]:
    """Who is asked just now."""
    return tuple(seat.ref for seat in seats if seat.state == "asked")


def seat_of(seats: Seats, ref: str, *states: Asked) -> int | None:
    """The number of the seat in which somebody sits, in one of these states."""
    return next((number for number, seat in enumerate(seats) if seat.ref == ref and seat.state in states), None)


def put(seats: Seats, number: int, **changes: Any) -> Seats:
    """One seat changed; whoever waited for no more than that is asked."""
    return settled(tuple(replace(seat, **changes) if at == number else seat for at, seat in enumerate(seats)))


def settled(seats: Seats) -> Seats:
    """Who waits, is asked as soon as all those before have agreed; one that was taken off is not waited for."""
    free = {number for number, seat in enumerate(seats) if seat.state in ("agreed", "off")}
    return tuple(
        replace(seat, state="asked") if seat.state == "waiting" and free.issuperset(seat.after) else seat
        for seat in seats
    )


def add(seats: Seats, number: int, refs: tuple[str, ...], place: Place) -> Seats:
    """Further signers beside the seat of that number.

    Before: the seat waits until they have agreed. After: they wait for it.
    """
    adder = seats[number]
    fresh = tuple(
        Seat(
            ref,
            "waiting" if place == "after" else "asked",
            (number,) if place == "after" else (),
            by=adder.ref,
            must=place != "beside",
        )
        for ref in refs
    )
    whole = (*seats, *fresh)
    if place != "before":
        return whole
    waits_for = (*adder.after, *range(len(seats), len(whole)))
    return tuple(
        replace(seat, state="waiting", after=waits_for) if at == number else seat for at, seat in enumerate(whole)
    )


def verdict(seats: Seats, mode: Mode) -> Verdict:
    """What they decide together, so far."""
    sitting = [seat for seat in seats if seat.state != "off"]
    voices = [seat for seat in sitting if not seat.must]
    if any(seat.state == "against" and (seat.must or not isinstance(mode, Decimal)) for seat in sitting):
        return "against"
    if any(seat.must and seat.state != "agreed" for seat in sitting):
        return "open"
    match mode:
        case "any":
            return "agreed" if any(seat.state == "agreed" for seat in voices) else "open"
        case Decimal():
            return _vote(voices, mode)
        case _:
            return "agreed" if all(seat.state == "agreed" for seat in voices) else "open"


def _vote(voices: list[Seat], share: Decimal) -> Verdict:
    whole = sum(seat.weight for seat in voices)
    needed = share * whole
    if sum(seat.weight for seat in voices if seat.state == "agreed") >= needed:
        return "agreed"
    lost = sum(seat.weight for seat in voices if seat.state == "against")
    return "against" if whole - lost < needed else "open"


def voices_of(seats: Seats, ref: str) -> tuple[str, ...]:
    """Everybody who has acted when this one speaks: they, and the absent one for whom they are asked."""
    number = seat_of(seats, ref, "asked")
    return (ref,) if number is None else seats[number].voices
