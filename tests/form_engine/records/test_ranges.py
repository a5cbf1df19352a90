"""Ranges that may not overlap, and values that nobody shares: the database keeps them, whoever writes at once."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from formloom.errors import FormloomError, InvalidDefinition, InvalidInput
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from form_engine.records.actor import SYSTEM, Actor

THREADS = 8

STAY: dict[str, Any] = {
    "kind": "form",
    "key": "stay",
    "title": "Stay",
    "display": ["room", "guest"],
    "fields": [
        {"key": "room", "type": "text", "label": "Room"},
        {"key": "guest", "type": "text", "label": "Guest"},
        {"key": "first", "type": "date", "label": "First day"},
        {"key": "last", "type": "date", "label": "Last day"},
        {"key": "state", "type": "choice", "label": "State", "options": ["held", "void"]},
    ],
    "unique": [["guest", "first"]],
    "no_overlap": [{"key": ["room"], "from": "first", "to": "last", "when": 'state <> "void"'}],
    "access": [
        {"role": "desk", "may": ["create", "read", "update", "delete"]},
        {"role": "guest", "may": ["create", "read", "update"], "where": "created_by = ME()"},
    ],
}


@pytest.fixture
def hotel(office: Any) -> Any:
    return published(office, STAY)


def published(office: Any, *forms: dict[str, Any]) -> Any:
    with office.work() as session:
        office.forms.publish_together(session, {form["key"]: form for form in forms}, SYSTEM)
    return office


def stay(office: Any, first: str | None, last: str | None, actor: Actor = SYSTEM, **more: Any) -> int:
    return int(office.create("stay", {"room": "101", "first": first, "last": last, **more}, actor).id)


def codes(refused: Any) -> list[tuple[str, str]]:
    return [(issue.pointer, issue.code) for issue in refused.value.issues]


def test_the_last_day_belongs_to_the_range_and_the_next_begins_after_it(hotel: Any) -> None:
    first = stay(hotel, "2026-01-01", "2026-01-10")
    with pytest.raises(InvalidInput) as refused:
        stay(hotel, "2026-01-10", "2026-01-12")
    assert codes(refused) == [("/first", "overlaps"), ("/last", "overlaps")]
    assert refused.value.params["record"] == first
    assert refused.value.params["title"] == "101"
    stay(hotel, "2026-01-11", "2026-01-12")
    stay(hotel, "2026-01-05", "2026-01-06", room="102")


def test_open_ends_reach_for_ever(hotel: Any) -> None:
    stay(hotel, "2026-03-01", None)
    for first, last in (("2030-01-01", "2030-01-02"), ("2026-01-01", None), (None, "2026-03-01")):
        with pytest.raises(InvalidInput, match="overlaps"):
            stay(hotel, first, last)
    stay(hotel, None, "2026-02-28")
    stay(hotel, None, None)
    stay(hotel, "2026-05-01", "2026-05-02", room=None)


def test_who_moves_in_later_holds_the_room_from_then_on(office: Any) -> None:
    """`since` stands in for `from`: before it the record stood under another key."""
    since = {"key": "moved", "type": "date", "label": "Moved in"}
    rule = {**STAY["no_overlap"][0], "since": "moved"}
    hotel = published(office, {**STAY, "fields": [*STAY["fields"], since], "no_overlap": [rule]})
    stay(hotel, "2026-01-01", "2026-01-10")
    other = stay(hotel, "2026-01-05", "2026-01-20", room="102")
    with pytest.raises(InvalidInput, match="overlaps"):
        hotel.update(other, {"room": "101"})
    with pytest.raises(InvalidInput, match="overlaps"):
        hotel.update(other, {"room": "101", "moved": "2026-01-10"})
    hotel.update(other, {"room": "101", "moved": "2026-01-11"})


def test_a_range_that_runs_backwards_is_refused(hotel: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        stay(hotel, "2026-01-02", "2026-01-01")
    assert codes(refused) == [("/last", "range_backwards")]


def test_what_does_not_count_is_in_nobodys_way(hotel: Any) -> None:
    draft = hotel.create("stay", {"room": "101", "first": "2026-01-01", "last": None}, draft=True).id
    void = stay(hotel, "2026-01-01", None, state="void")
    binned = stay(hotel, "2026-01-01", None)
    with hotel.work() as session:
        hotel.records.delete(session, hotel.forms, binned, SYSTEM)
    stands = stay(hotel, "2026-01-01", "2026-12-31")
    for attempt in (
        lambda: hotel.update(draft, {}, submit=True),
        lambda: hotel.update(void, {"state": "held"}),
        lambda: restore(hotel, binned),
    ):
        with pytest.raises(InvalidInput, match="overlaps"):
            attempt()
    hotel.update(stands, {"last": "2025-12-31", "first": "2025-01-01"})
    restore(hotel, binned)


def restore(office: Any, record: int) -> None:
    with office.work() as session:
        office.records.restore(session, office.forms, record, SYSTEM)


def test_the_other_record_is_named_only_to_those_who_may_read_it(hotel: Any, make_person: Any) -> None:
    other = stay(hotel, "2026-01-01", None, guest="Li")
    guest = Actor.person(make_person("Gu", "guest").id, frozenset({"guest"}))
    for values, code in (({"room": "101", "first": "2026-02-01"}, "overlaps"), ({"first": "2026-01-01"}, "not_unique")):
        with pytest.raises(InvalidInput) as refused:
            hotel.create("stay", {"guest": "Li", **values}, guest)
        assert {issue.code for issue in refused.value.issues} == {f"{code}_hidden"}
        assert str(other) not in str(refused.value.params) + str(refused.value.issues)
        assert "Li" not in str(refused.value.issues)


def test_eight_writers_of_one_room_and_one_of_them_gets_it(hotel: Any) -> None:
    def book(at: int) -> str:
        try:
            stay(hotel, f"2026-01-{1 + at:02}", "2026-01-20")
        except FormloomError as error:
            return error.code
        return "booked"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = sorted(pool.map(book, range(THREADS)))
    assert outcomes == ["booked", *["overlaps"] * (THREADS - 1)]


def test_two_who_exchange_their_days_at_once_never_both_stand_in_one(hotel: Any) -> None:
    for _ in range(6):
        room = f"2{_}"
        one = stay(hotel, "2026-01-01", "2026-01-05", room=room)
        other = stay(hotel, "2026-01-06", "2026-01-10", room=room)

        def move(record: int) -> str:
            try:
                hotel.update(record, {"first": "2026-01-20", "last": "2026-01-25"})
            except FormloomError as error:
                return error.code
            return "moved"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(move, [one, other])) == ["moved", "overlaps"]


def test_moments_and_numbers_meet_at_their_ends(office: Any) -> None:
    meeting = {
        "kind": "form",
        "key": "meeting",
        "title": "Meeting",
        "fields": [
            {"key": "room", "type": "text", "label": "Room"},
            {"key": "begins", "type": "datetime", "label": "Begins"},
            {"key": "ends", "type": "datetime", "label": "Ends"},
            {"key": "low", "type": "number", "label": "Low"},
            {"key": "high", "type": "number", "label": "High"},
        ],
        "no_overlap": [
            {"key": ["room"], "from": "begins", "to": "ends", "message": {"en": "The room is taken"}},
            {"key": ["room"], "from": "low", "to": "high", "ends": "included"},
        ],
    }
    published(office, meeting)
    office.create("meeting", {"room": "A", "begins": "2026-01-05T09:00:00Z", "ends": "2026-01-05T10:00:00Z"})
    office.create("meeting", {"room": "A", "begins": "2026-01-05T18:00:00+08:00", "ends": "2026-01-05T11:00:00Z"})
    with pytest.raises(InvalidInput) as refused:
        office.create("meeting", {"room": "A", "begins": "2026-01-05T10:59:59Z", "ends": None})
    assert refused.value.issues[0].params["message"] == {"en": "The room is taken"}
    office.create("meeting", {"room": "A", "low": "1", "high": "5"})
    with pytest.raises(InvalidInput, match="overlaps"):
        office.create("meeting", {"room": "A", "low": "5", "high": "6"})


def test_publishing_a_rule_holds_the_records_that_are_there(office: Any) -> None:
    loose = {key: value for key, value in STAY.items() if key not in ("no_overlap", "unique")}
    published(office, loose)
    one, other = stay(office, "2026-01-01", "2026-01-05"), stay(office, "2026-01-05", "2026-01-06")
    with pytest.raises(InvalidDefinition):
        published(office, STAY)
    office.update(other, {"first": "2026-01-06"})
    published(office, STAY)
    with pytest.raises(InvalidInput) as refused:
        office.update(other, {"first": "2026-01-05"})
    assert refused.value.params["record"] == one


@pytest.mark.parametrize(
    ("rule", "at", "code"),
    [
        ({"key": ["nowhere"], "from": "first", "to": "last"}, "/no_overlap/0/key/0", "unknown_field"),
        ({"key": ["room"], "from": "first", "to": "guest"}, "/no_overlap/0/to", "not_a_range"),
        ({"key": ["room"], "from": "first", "to": "last", "since": "guest"}, "/no_overlap/0/since", "not_a_range"),
        ({"key": ["room"], "from": "first", "to": "last", "since": "gone"}, "/no_overlap/0/since", "unknown_field"),
        (
            {"key": ["room"], "from": "first", "to": "last", "when": "TODAY() > first"},
            "/no_overlap/0/when",
            "no_overlap_reads_elsewhere",
        ),
        ({"key": [], "from": "first", "to": "last"}, "/no_overlap/0/key", "too_short"),
        ({"key": ["room"], "from": "first", "to": "last", "ends": "open"}, "/no_overlap/0/ends", "not_an_option"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(office: Any, rule: dict[str, Any], at: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        published(office, {**STAY, "no_overlap": [rule]})
    assert (f"/stay{at}", code) in {(issue.pointer, issue.code) for issue in refused.value.issues}


days = st.integers(1, 28)
ends = st.one_of(st.none(), days)
ROOMS = itertools.count(1_000)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=8))
def test_what_stands_never_overlaps(hotel: Any, wanted: list[tuple[int | None, int | None]]) -> None:
    room, stood = f"room {next(ROOMS)}", list[tuple[int, int]]()  # every example has a room of its own
    for first, last in wanted:
        days_of = (first or 0, 99 if last is None else last)
        if first is not None and last is not None and first > last:
            continue
        apart = all(days_of[1] < other[0] or other[1] < days_of[0] for other in stood)
        counts = first is not None or last is not None
        try:
            begin, end = (f"2026-01-{day:02}" if day else None for day in (first, last))
            stay(hotel, begin, end, room=room)
            assert apart or not counts
            stood += [days_of] if counts else []
        except InvalidInput:
            assert counts
            assert not apart
