"""What a firm changes by editing the JSON and publishing it, and nothing else (LEASING §8: D; §2: the threshold)."""

from collections.abc import Mapping
from typing import Any

import pytest

from apps import bundle
from apps.demo import FOLDER
from form_engine.records.actor import SYSTEM
from tests.apps.conftest import House
from tests.apps.contracts import world
from tests.apps.office_days import Days

LEASING = bundle.read(FOLDER)


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def edited(raw: Any, changes: Mapping[str, str]) -> Any:
    """The document with these values where the others stood, as one edits it by search and replace."""
    if isinstance(raw, Mapping):
        return {key: edited(value, changes) for key, value in raw.items()}
    if isinstance(raw, list):
        return [edited(value, changes) for value in raw]
    return changes.get(raw, raw) if isinstance(raw, str) else raw


def publish(days: Days, kind: str, key: str, changes: Mapping[str, str]) -> None:
    """An administrator imports the edited definition."""
    before = LEASING.of_kind(kind)[key]
    after = edited(before, changes)
    assert after != before
    with days.work() as session:
        days.house.stores.of_kind(kind).publish_together(session, {key: after}, SYSTEM)
    days.settle()


def let(days: Days, **more: Any) -> int:
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    term = {"contract_no": "HT1", "start": "2025-03-20", "end": "2026-03-19", "monthly_rent": "1200.00"}
    made = days.make("contract", **{**term, **held, **more})
    days.settle()
    return made


def test_reminders_come_45_20_and_10_days_before(days: Days) -> None:
    for flow, offset in (("expiry_60", "-P45D"), ("expiry_30", "-P20D"), ("expiry_15", "-P10D")):
        publish(days, "flow", flow, {LEASING.of_kind("flow")[flow]["trigger"]["offset"]: offset})
    let(days, status="active")
    for before, after, flow in (
        ("2026-02-02T08:59", "2026-02-02T09:00", "expiry_60"),
        ("2026-02-27T08:59", "2026-02-27T09:00", "expiry_30"),
        ("2026-03-09T08:59", "2026-03-09T09:00", "expiry_15"),
    ):
        days.at(f"{before}:00+08:00")
        already = [name for name, _, _ in days.runs()]
        assert flow not in already
        days.at(f"{after}:00+08:00")
        assert [name for name, _, _ in days.runs()] == [*already, flow]


def test_a_record_that_waits_already_follows_the_new_rule(days: Days) -> None:
    """The rule is published after the contract was made: its timer moves."""
    let(days, status="active")
    publish(days, "flow", "expiry_60", {"-P60D": "-P45D"})
    days.at("2026-01-16T09:00:00+08:00")
    assert days.runs() == []
    days.at("2026-02-02T09:00:00+08:00")
    assert [flow for flow, _, _ in days.runs()] == ["expiry_60"]


def test_the_colours_follow(days: Days) -> None:
    form = LEASING.of_kind("form")["contract"]
    (rule,) = (field["value"] for field in form["fields"] if field["key"] == "urgency")
    moved = rule.replace("> 60", "> 45").replace("> 30", "> 20").replace("> 15", "> 10")
    publish(days, "form", "contract", {rule: moved})
    contract = let(days, status="active", end="2026-01-20")
    assert days.see(contract)["urgency"] == "green"
    days.travel("2025-12-06T08:00:00+08:00")
    assert days.see(contract)["urgency"] == "blue"


def test_the_general_managers_threshold_moves(days: Days) -> None:
    publish(days, "flow", "contract_approval", {"monthly_rent >= 20000": "monthly_rent >= 1000"})
    contract = let_by_agent(days)
    days.decide(contract, "supervisor", "approve")
    assert days.see(contract)["status"] == "in_approval"
    days.decide(contract, "boss", "approve")
    assert days.see(contract)["status"] == "pending_sign"


def let_by_agent(days: Days) -> int:
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    term = {"start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00"}
    return days.make("contract", by="agent", contract_no="HT26SH00001", **held, **term)
