"""Frozen dataclasses that are filled by a twin: nobody can tell, but for the time."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field

import pytest
from formloom.frozen import quick, replace


@quick
@dataclass(frozen=True, slots=True)
class Seat:
    ref: str
    twin: int = 0
    notes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plain:
    ref: str


def test_it_is_made_compared_shown_and_copied_as_any_other() -> None:
    seat = Seat("person:1", twin=2)
    assert (seat.ref, seat.twin, seat.notes) == ("person:1", 2, {})
    assert seat == Seat("person:1", 2) != Seat("person:1", 3)
    assert repr(seat) == "Seat(ref='person:1', twin=2, notes={})"
    assert copy.copy(seat) == seat == pickle.loads(pickle.dumps(seat))  # noqa: S301  our own bytes
    assert Seat("a").notes is not Seat("b").notes


def test_it_stays_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Seat("person:1").twin = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        replace(Seat("person:1"), twin=4).twin = 3  # type: ignore[misc]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        Seat()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        replace(Seat("person:1"), nobody=1)  # type: ignore[call-arg]


def test_replace_changes_a_copy_of_any_dataclass() -> None:
    seat = Seat("person:1")
    assert replace(seat, twin=5) == Seat("person:1", 5)
    assert seat.twin == 0
    assert replace(Plain("a"), ref="b") == Plain("b")


def test_what_is_not_simple_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class More(Seat):
        extra: int = 0

    with pytest.raises(TypeError):
        quick(More)
