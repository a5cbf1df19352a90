"""Dates of records start runs: once each, whatever happens meanwhile."""

import copy
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from formloom.errors import InvalidDefinition
from formloom.timers import Clock
from sqlalchemy import text

from flow_engine.service import timer_handlers
from form_engine.records.actor import SYSTEM
from tests.flow_engine.triggers.conftest import OFFICE, PAPER, House, flow


def warn(key: str = "warn", days: int = 30, **more: Any) -> dict[str, Any]:
    trigger = {"on": "date", "field": "end", "offset": f"-P{days}D", "at": "09:00", **more}
    return flow(key, trigger)


def test_it_fires_at_its_hour_in_the_workspaces_zone_and_once(house: House) -> None:
    house.publish(warn())
    record = house.make(end="2026-12-31")
    house.settle()
    assert house.pending() == {f"record:{record}:warn": datetime(2026, 12, 1, 1, tzinfo=UTC)}
    house.at("2026-12-01T08:59:00+08:00")
    assert house.tick() == 0
    house.at("2026-12-01T09:00:01+08:00")
    assert (house.tick(), house.tick()) == (1, 0)
    assert house.fired(record) == "warn;"
    (run,) = house.runs()
    assert (run["started_by"], run["holds"], run["initiator_id"], run["status"]) == ("date", False, None, "approved")
    assert house.pending() == {}, "writing the record does not set it again"
    house.verify()


def test_a_changed_date_moves_it_and_each_value_fires_once(house: House) -> None:
    house.publish(warn())
    record = house.make(end="2026-12-31")
    house.settle()
    house.change(record, end="2027-01-31")
    house.settle()
    assert house.pending() == {f"record:{record}:warn": datetime(2027, 1, 1, 1, tzinfo=UTC)}
    house.at("2027-01-01T10:00:00+08:00")
    house.tick()
    house.change(record, end="2027-03-31")
    house.settle()
    house.change(record, end="2027-01-31")
    house.settle()
    assert house.pending() == {}, "that value has fired"
    house.change(record, end="2027-03-31")
    house.settle()
    house.at("2027-03-01T10:00:00+08:00")
    house.tick()
    assert house.fired(record) == "warn;warn;"


def test_a_change_that_is_not_heard_yet_is_seen_when_it_fires(house: House) -> None:
    house.publish(warn())
    record = house.make(end="2026-12-31")
    house.settle()
    house.change(record, end="2027-06-30")
    house.at("2026-12-01T10:00:00+08:00")
    Clock(house.databases, timer_handlers(house.flows)).tick()
    assert house.runs() == []
    assert house.pending() == {f"record:{record}:warn": datetime(2027, 5, 31, 1, tzinfo=UTC)}


def test_deleted_drafts_and_blank_dates_have_none_and_a_restored_record_has_its_own_again(house: House) -> None:
    house.publish(warn())
    record, blank = house.make(end="2026-12-31"), house.make()
    house.settle()
    house.delete(record)
    house.settle()
    assert house.pending() == {}
    with house.work() as session:
        house.records.restore(session, house.forms, record, house.agent)
        house.records.create(session, house.forms, "paper", {"name": "D", "end": "2026-12-31"}, house.agent, draft=True)
    house.settle()
    assert list(house.pending()) == [f"record:{record}:warn"]
    house.change(record, end=None)
    house.settle()
    assert house.pending() == {}
    assert house.fired(blank) == ""


def test_the_condition_cancels_and_sets_again(house: House) -> None:
    house.publish(warn(when='state = "open"'))
    record = house.make(end="2026-12-31")
    house.settle()
    house.change(record, state="shut")
    house.settle()
    assert house.pending() == {}
    house.change(record, state="open")
    house.settle()
    assert list(house.pending()) == [f"record:{record}:warn"]


def test_a_condition_on_another_record_is_asked_when_it_fires(house: House) -> None:
    house.publish(warn(when='owner.state = "open"'))
    owner = house.make()
    house.make(end="2026-12-31", owner=owner)
    house.settle()
    house.change(owner, state="shut")
    house.at("2026-12-01T10:00:00+08:00")
    house.tick()
    assert house.runs() == []


@pytest.mark.parametrize(
    ("move", "expected"), [("earlier", "2026-12-25"), ("later", "2026-12-28"), (None, "2026-12-26")]
)
def test_the_holiday_rule(house: House, move: str | None, expected: str) -> None:
    more = {"move": move, "calendar": "office"} if move else {}
    house.publish(warn(days=5, **more))
    house.make(end="2026-12-31")  # five days before is a Saturday
    house.settle()
    (due,) = house.pending().values()
    assert due == datetime.fromisoformat(f"{expected}T09:00:00+08:00")


def test_a_calendar_without_a_move_counts_working_days(house: House) -> None:
    house.publish(warn(days=5, calendar="office"))
    house.make(end="2026-12-31")
    house.settle()
    assert list(house.pending().values()) == [datetime.fromisoformat("2026-12-24T09:00:00+08:00")]


def test_a_rule_that_is_published_later_back_fills_as_a_job_with_progress(house: House) -> None:
    records = [house.make(end="2026-12-31") for _ in range(7)]
    assert house.pending() == {}
    house.publish(warn())
    house.settle()
    assert list(house.pending()) == sorted(f"record:{record}:warn" for record in records)
    with house.work() as session:
        job = session.execute(text("SELECT * FROM job WHERE kind = 'flow.dates'")).mappings().one()
    assert (job["state"], job["done"], job["total"]) == ("done", 7, 7)
    house.publish(warn(days=10))
    house.settle()
    assert set(house.pending().values()) == {datetime(2026, 12, 21, 1, tzinfo=UTC)}


def test_a_rule_that_goes_takes_its_timers_along(house: House) -> None:
    house.publish(warn())
    record = house.make(end="2026-12-31")
    house.settle()
    house.publish(flow("warn", {"on": "flow"}))
    house.at("2026-12-01T10:00:00+08:00")
    Clock(house.databases, timer_handlers(house.flows)).tick()
    assert house.runs() == [], "even before the job is through"
    house.settle()
    assert house.pending() == {}
    house.publish(warn(days=5))
    house.settle()
    assert list(house.pending()) == [f"record:{record}:warn"]
    with house.work() as session:
        house.flows.definitions.retire(session, "warn", SYSTEM)
    house.settle()
    assert house.pending() == {}
    with house.work() as session:
        house.flows.definitions.retire(session, "warn", SYSTEM, retired=False)
    house.settle()
    assert list(house.pending()) == [f"record:{record}:warn"]


def test_a_changed_calendar_and_a_changed_computation_move_them(house: House) -> None:
    house.publish(
        warn(days=5, move="later", calendar="office"),
        flow("computed", {"on": "date", "field": "due_on", "at": "09:00"}),
    )
    record = house.make(end="2026-12-31")
    house.settle()
    closed = {**OFFICE, "exceptions": [{"from": "2026-12-28", "to": "2026-12-29", "day": "off"}]}
    later = copy.deepcopy(PAPER)
    next(field for field in later["fields"] if field["key"] == "due_on")["value"] = "end + 10"
    with house.work() as session:
        house.calendars.publish_together(session, {"office": closed}, SYSTEM)
        house.forms.publish_together(session, {"paper": later}, SYSTEM)
    house.settle()
    assert house.pending() == {
        f"record:{record}:warn": datetime.fromisoformat("2026-12-30T09:00:00+08:00"),
        f"record:{record}:computed": datetime.fromisoformat("2027-01-10T09:00:00+08:00"),
    }


def series() -> list[dict[str, Any]]:
    return [warn(f"w{days}", days, series="expiry") for days in (60, 30, 7)]


def test_after_downtime_only_the_most_urgent_of_a_series_fires(house: House) -> None:
    house.publish(*series())
    record = house.make(end="2027-02-28")
    house.settle()
    assert len(house.pending()) == 3
    house.at("2027-02-10T10:00:00+08:00")  # two have passed
    house.tick()
    assert house.fired(record) == "w30;"
    house.at("2027-02-21T10:00:00+08:00")
    house.tick()
    assert house.fired(record) == "w30;w7;"


def test_an_imported_record_hears_only_the_most_urgent(house: House) -> None:
    house.publish(*series())
    with house.work() as session:
        rows = [{"name": f"I{n}", "end": "2026-11-20"} for n in range(3)]
        records = house.records.import_rows(session, house.forms, "paper", rows, SYSTEM, via="import:1")
    house.settle()
    house.tick()
    assert [house.fired(record) for record in records] == ["w30;"] * 3
    assert sorted(house.pending()) == sorted(f"record:{record}:w7" for record in records)


def test_a_less_urgent_rule_that_comes_later_stays_silent(house: House) -> None:
    house.publish(warn("w7", 7, series="expiry"))
    record = house.make(end="2026-11-05")
    house.settle()
    house.tick()
    assert house.fired(record) == "w7;"
    house.publish(warn("w30", 30, series="expiry"))
    house.settle()
    house.tick()
    assert house.fired(record) == "w7;"


@pytest.mark.parametrize(("catch_up", "fired"), [("all", "w60;w30;"), ("none", "")])
def test_other_ways_to_catch_up(house: House, catch_up: str, fired: str) -> None:
    house.publish(*(warn(f"w{days}", days, series="expiry", catch_up=catch_up) for days in (60, 30)))
    record = house.make(end="2026-11-20")
    house.settle()
    house.tick()
    assert house.fired(record) == fired


def test_two_clocks_at_once_fire_each_once(house: House) -> None:
    house.publish(warn(), warn("later", 29))
    records = [house.make(end="2026-12-31") for _ in range(20)]
    house.settle()
    house.at("2026-12-03T10:00:00+08:00")
    clocks = [Clock(house.databases, timer_handlers(house.flows)) for _ in range(3)]
    threads = [threading.Thread(target=clock.tick) for clock in clocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.tick()
    assert {(run["flow"], run["record_id"]) for run in house.runs()} == {
        (key, record) for key in ("warn", "later") for record in records
    }
    assert len(house.runs()) == 40


def test_a_datetime_keeps_its_time_of_day_and_a_computed_date_follows_its_record(house: House) -> None:
    house.publish(
        flow("meet", {"on": "date", "field": "meets", "offset": "-PT2H"}),
        flow("computed", {"on": "date", "field": "due_on"}),
    )
    record = house.make(meets="2026-11-20T14:00:00+08:00", end="2026-11-30")
    house.settle()
    assert house.pending() == {
        f"record:{record}:meet": datetime(2026, 11, 20, 4, tzinfo=UTC),
        f"record:{record}:computed": datetime(2026, 11, 30, 16, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("trigger", "pointer", "code"),
    [
        ({"field": "nothing"}, "/wrong/trigger/field", "unknown_field"),
        ({"field": "amount"}, "/wrong/trigger/field", "not_a_date"),
        ({"field": "end", "offset": "30 days"}, "/wrong/trigger/offset", "bad_offset"),
        ({"field": "end", "calendar": "moon"}, "/wrong/trigger/calendar", "unknown_calendar"),
        ({"field": "end", "at": "25:00"}, "/wrong/trigger/at", "bad_value"),
        ({"field": "end", "when": "amount + 1"}, "/wrong/trigger/when", "formula_gives"),
    ],
)
def test_what_is_wrong_is_told_at_publish(house: House, trigger: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        house.publish(flow("wrong", {"on": "date", **trigger}))
    assert (pointer, code) in [(issue.pointer, issue.code) for issue in caught.value.issues]


def test_a_timer_that_is_given_up_is_reported(house: House) -> None:
    house.publish(warn())
    record = house.make(end="2026-12-31")
    with house.work() as session:
        told = {"record": record, "flow": "warn", "value": "2026-12-31"}
        house.flows.triggering.timer_given_up(session, "flow.date", told, "KeyError: 'end'")
    (report,) = house.reports()
    assert (report["code"], report["flow"], report["record_id"]) == ("timer_broke", "warn", record)
