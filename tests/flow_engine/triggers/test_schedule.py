"""Runs at times of their own, in the workspace's zone; times that were missed are made up for once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from formloom.errors import InvalidDefinition
from formloom.timers import MOST_ATTEMPTS, Clock
from sqlalchemy import text
from sqlalchemy.orm import Session

from flow_engine.service.triggering import schedules
from flow_engine.triggers.schedule import Scheduled
from tests.flow_engine.triggers.conftest import House, flow


def nightly(**more: Any) -> dict[str, Any]:
    return flow("nightly", {"on": "schedule", "cron": "30 2 * * *", **more})


def test_a_run_for_each_record_for_which_the_filter_holds(house: House) -> None:
    house.publish(nightly(where='state = "open" AND amount > 5'))
    some, none = house.make(amount="9"), house.make(amount="1")
    shut = house.make(amount="9", state="shut")
    assert house.pending() == {"schedule:nightly": datetime(2026, 11, 2, 18, 30, tzinfo=UTC)}
    house.at("2026-11-03T02:31:00+08:00")
    house.tick()
    assert [house.fired(record) for record in (some, none, shut)] == ["nightly;", "", ""]
    assert house.pending() == {"schedule:nightly": datetime(2026, 11, 3, 18, 30, tzinfo=UTC)}


def test_after_downtime_once(house: House) -> None:
    house.publish(nightly(create={"set": {"name": "Report", "amount": {"=": "DAY(TODAY())"}}}))
    house.at("2026-11-09T12:00:00+08:00")
    house.tick()
    house.tick()
    (run,) = house.runs()
    assert (run["started_by"], house.fact(run["record_id"]).data["amount"]) == ("schedule", "9.00")
    assert house.fired(run["record_id"]) == "nightly;"
    assert list(house.pending().values()) == [datetime(2026, 11, 9, 18, 30, tzinfo=UTC)]
    house.verify()


def test_another_time_or_none(house: House) -> None:
    house.publish(nightly(where="amount > 5"))
    house.publish(flow("nightly", {"on": "schedule", "cron": "0 12 1 * *", "where": "amount > 5"}))
    assert list(house.pending().values()) == [datetime(2026, 12, 1, 4, tzinfo=UTC)]
    house.publish(flow("nightly", {"on": "flow"}))
    assert house.pending() == {}


def test_whose_key_begins_alike_keeps_its_times(house: House) -> None:
    alike = [{**nightly(where="amount > 5"), "key": f"nightly{tail}"} for tail in ("2", "_report")]
    house.publish(nightly(where="amount > 5"), *alike)
    house.publish(flow("nightly", {"on": "flow"}))
    assert sorted(house.pending()) == ["schedule:nightly2", "schedule:nightly_report"]


def test_what_failed_as_often_as_it_may_comes_again_at_its_next_time(house: House) -> None:
    house.publish(nightly(where='name = "N"'))
    record = house.make()

    def broken(session: Session, payload: Mapping[str, Any]) -> None:
        raise KeyError("end")

    house.at("2026-11-03T02:31:00+08:00")
    failing = Clock(house.databases, {schedules.KIND: broken}, house.flows.triggering.timer_given_up)
    for _ in range(MOST_ATTEMPTS):
        assert failing.tick() == 0
        with house.work() as session:
            session.execute(text("UPDATE timer SET retry_at = now() WHERE done_at IS NULL AND retry_at IS NOT NULL"))
    assert [report["code"] for report in house.reports()] == ["timer_broke"]
    assert house.pending() == {"schedule:nightly": datetime(2026, 11, 3, 18, 30, tzinfo=UTC)}
    house.at("2026-11-04T02:31:00+08:00")
    assert house.tick() == 1
    assert house.fired(record) == "nightly;"


def test_what_cannot_be_made_is_reported_and_the_next_time_comes(house: House) -> None:
    house.publish(
        nightly(
            create={
                "set": {"amount": {"=": "1"}},
            }
        )
        | {"key": "nightly"}
    )
    house.at("2026-11-03T02:31:00+08:00")
    house.tick()
    (told,) = house.reports()
    assert (told["code"], told["params"]["issues"]) == ("trigger_refused", [{"pointer": "/name", "code": "required"}])
    assert "schedule:nightly" in house.pending()


def test_many_records_are_a_job(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "AT_ONCE", 3)
    monkeypatch.setattr(schedules, "BATCH", 2)
    records = [house.make(amount=str(n)) for n in range(7)]
    house.publish(nightly(where="amount >= 3"))
    house.at("2026-11-03T02:31:00+08:00")
    house.tick()
    assert [house.fired(record) for record in records] == [""] * 3 + ["nightly;"] * 4
    with house.work() as session:
        job = session.execute(text("SELECT * FROM job WHERE kind = 'flow.where'")).mappings().one()
    assert (job["state"], job["done"], job["result"]) == ("done", 7, {"runs": 4})


@pytest.mark.parametrize(
    ("after", "cron", "expected"),
    [
        # Spring forward in Berlin: 02:30 is not there on 29 March 2026.
        ("2026-03-28T12:00:00+01:00", "30 2 * * *", "2026-03-29T03:00:00+02:00"),
        # Fall back on 25 October 2026: 02:30 comes twice and counts once.
        ("2026-10-24T12:00:00+02:00", "30 2 * * *", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30:00+02:00", "30 2 * * *", "2026-10-26T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "30 2 * * *", "2026-10-26T02:30:00+01:00"),
    ],
)
def test_daylight_saving(after: str, cron: str, expected: str) -> None:
    following = Scheduled(cron=cron).following(datetime.fromisoformat(after), ZoneInfo("Europe/Berlin"))
    assert following == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("trigger", "pointer", "code"),
    [
        ({"cron": "every day at two", "where": "amount > 1"}, "/wrong/trigger/cron", "bad_cron"),
        ({"cron": "0 0 31 2 *", "where": "amount > 1"}, "/wrong/trigger/cron", "bad_cron"),
        (
            {"cron": "0 0 * * *", "create": {"set": {"nothing": 1}}},
            "/wrong/trigger/create/set/nothing",
            "unknown_field",
        ),
        (
            {"cron": "0 0 * * *", "create": {"set": {"due_on": "2026-01-01"}}},
            "/wrong/trigger/create/set/due_on",
            "computed_field",
        ),
        ({"cron": "0 0 * * *", "where": "amount"}, "/wrong/trigger/where", "formula_gives"),
    ],
)
def test_what_is_wrong_is_told_at_publish(house: House, trigger: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        house.publish(flow("wrong", {"on": "schedule", **trigger}))
    assert (pointer, code) in [(issue.pointer, issue.code) for issue in caught.value.issues]


def test_administrators_see_what_comes_next(house: House) -> None:
    house.publish(
        nightly(where="amount > 5"),
        flow("warn", {"on": "date", "field": "end"}),
        flow("born", {"on": "created"}),
    )
    house.make(end="2026-11-02")
    house.make(end="2027-11-02")
    house.settle()
    with house.work() as session:
        seen = [(one.flow, one.on, one.waiting) for one in house.flows.triggering.upcoming(session)]
    assert seen == [("warn", "date", 2), ("nightly", "schedule", 1), ("born", "created", 0)]
