"""Reminders of the end of a contract and its renewal proposal (LEASING §8), as clocks and workers bring them about."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from tests.apps.conftest import House
from tests.apps.office_days import Days

FIRING = {"expiry_60": 3, "expiry_30": 1, "expiry_15": 2, "expiry_7": 320}
PROPOSAL = "renewal_proposal"
COLOURS = {"green": 1990, "blue": 332, "yellow": 31, "red": 22, "crimson": 335, "grey": 10}


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    """A day in November, with a unit that is let to somebody."""
    days = Days.begin(house, workspace, "2025-11-03T08:00:00+08:00")
    site = days.make("site", code="SH01", name="示例仓", city="上海")
    days.make("unit", code="SH01-A101", site=site, list_rent="1300.00")
    days.make("customer", customer_no="KH1", name="孔思", phone="199-0000-2494")
    return days


def let(days: Days, **more: Any) -> int:
    """A contract in force."""
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    term = {"start": "2025-03-20", "end": "2026-03-19", "monthly_rent": "1200.00", "status": "active"}
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    made = days.make("contract", **{"contract_no": "HT1", **held, **term, **more})
    days.settle()
    return made


def reminded(days: Days) -> list[str]:
    return [flow for flow, _, _ in days.runs() if flow.startswith("expiry_")]


def test_they_come_on_the_working_days_before(days: Days) -> None:
    """EX45: thirty days before is in the Spring Festival, so it comes on a Saturday that is worked."""
    let(days)
    for before, day, flow in (
        ("2026-01-15", "2026-01-16", "expiry_60"),
        ("2026-02-13", "2026-02-14", "expiry_30"),
        ("2026-03-03", "2026-03-04", "expiry_15"),
        ("2026-03-11", "2026-03-12", "expiry_7"),
    ):
        days.at(f"{before}T20:00:00+08:00")
        already = reminded(days)
        assert flow not in already
        days.at(f"{day}T09:00:00+08:00")
        assert reminded(days) == [*already, flow]


def test_each_opens_a_task_that_gives_way_to_the_next(days: Days) -> None:
    contract = let(days)
    days.at("2026-01-16T09:00:00+08:00")
    (task,) = days.tasks(contract)
    assert (task["flow"], task["person_id"]) == ("expiry_60", days.people["agent"].person_id)
    assert f"{task['due_at']:%Y-%m-%d %H:%M}" == "2026-01-23 01:00"
    days.at("2026-02-14T09:00:00+08:00")
    (task,) = days.tasks(contract)
    assert task["flow"] == "expiry_30"
    days.decide(contract, "agent", "submit", changes={"outreach": "considering"})
    assert days.tasks(contract) == []
    assert days.see(contract)["reminder"] == "d30"


def test_what_is_not_acknowledged_reaches_the_supervisor_after_a_working_day(days: Days) -> None:
    contract = let(days)
    days.at("2026-03-04T09:00:00+08:00")
    kinds = Counter((task["flow"], task["step"]) for task in days.tasks(contract))
    assert kinds == {("expiry_15", "acknowledge"): 1, ("expiry_15", "follow_up"): 1}
    heard = notices(days, "supervisor")
    days.at("2026-03-05T08:59:00+08:00")
    assert notices(days, "supervisor") == heard
    days.at("2026-03-05T09:00:30+08:00")
    assert notices(days, "supervisor") == heard + 1


def notices(days: Days, who: str) -> int:
    with days.work() as session:
        told = text("SELECT count(*) FROM notification WHERE person_id = :person")
        return int(session.scalar(told, {"person": days.people[who].person_id}) or 0)


def test_a_renewed_contract_is_left_alone(days: Days) -> None:
    contract = let(days)
    days.at("2026-01-16T09:00:00+08:00")
    days.change(contract, status="renewed")
    days.settle()
    assert days.tasks(contract) == []
    days.at("2026-03-20T09:00:00+08:00")
    assert reminded(days) == ["expiry_60"]


def test_another_end_is_reminded_of_anew(days: Days) -> None:
    contract = let(days)
    days.at("2026-01-16T09:00:00+08:00")
    days.change(contract, end="2026-09-30")
    days.settle()
    assert days.tasks(contract) == []
    days.at("2026-07-30T09:00:00+08:00")
    assert reminded(days) == ["expiry_60"]
    days.at("2026-07-31T09:00:00+08:00")
    assert reminded(days) == ["expiry_60", "expiry_60"]


def test_after_a_pause_only_the_most_urgent_comes(days: Days) -> None:
    let(days)
    days.at("2026-03-09T10:00:00+08:00")
    assert reminded(days) == ["expiry_15"]


def test_without_an_end_nobody_is_reminded(days: Days) -> None:
    let(days, end=None)
    days.at("2026-12-24T10:00:00+08:00")
    assert reminded(days) == []


@pytest.mark.parametrize(
    ("end", "colour"),
    [
        ("2026-03-03", "green"), ("2026-03-02", "blue"), ("2026-02-01", "blue"), ("2026-01-31", "yellow"),
        ("2026-01-17", "yellow"), ("2026-01-16", "red"), ("2026-01-09", "red"), ("2026-01-08", "crimson"),
        ("2026-01-01", "crimson"), ("2025-12-31", "grey"),
    ],
)  # fmt: skip
def test_the_colour_by_days_left(days: Days, end: str, colour: str) -> None:
    """EX47."""
    contract = let(days, end=end)
    days.travel("2026-01-01T12:00:00+08:00")
    seen = days.see(contract)
    assert seen["urgency"] == colour
    assert days.count("contract", urgency=colour) == 1


def test_the_proposal_is_drafted_sent_and_noted(days: Days) -> None:
    contract = let(days, monthly_rent="1200.00")
    for number, due, amount in (
        ("1", "2026-01-20", "1200.00"),
        ("2", "2026-02-20", "1200.00"),
        ("3", "2026-03-20", "1.00"),
    ):
        days.make("bill", bill_no=f"ZD-{number}", contract=contract, due=due, amount=amount)
    days.at("2026-03-12T09:00:00+08:00")
    (proposal,) = days.find("renewal_proposal")
    told = {key: proposal[key] for key in ("status", "proposed_rent", "list_rent", "arrears", "old_end", "tenure")}
    assert told == {
        "status": "draft", "proposed_rent": "1260.00", "list_rent": "1300.00", "arrears": "2400.00",
        "old_end": "2026-03-19", "tenure": "12",
    }  # fmt: skip
    assert (proposal["fold"], proposal["total_12"]) == ("9.5", "14364.00")
    days.decide(proposal["id"], "agent", "approve", changes={"proposed_rent": "1250.00"})
    sent = days.see(proposal["id"])
    assert sent["status"] == "sent"
    assert len(sent["letter"]) == 1
    assert days.see(contract)["outreach"] == "contacted"


def test_a_proposal_is_taken_back_when_the_contract_changes(days: Days) -> None:
    contract = let(days)
    days.at("2026-03-12T09:00:00+08:00")
    (proposal,) = days.find("renewal_proposal")
    assert len(days.tasks(proposal["id"])) == 1
    days.change(contract, end="2026-12-31")
    days.settle()
    assert days.see(proposal["id"])["status"] == "void"
    assert days.tasks(proposal["id"]) == []


@pytest.mark.soak
def test_the_case_on_its_day(house: House, workspace: int) -> None:
    """kpi_key.json: what fires on 24 December, the colours, and a proposal for each of 320, though two clocks run."""
    days = Days.begin(house, workspace, "2025-12-23T20:00:00+08:00")
    days.load_case()
    days.settle()
    days.tick()
    before, drafted = Counter(reminded(days)), {one["record_id"] for one in days.tasks() if one["flow"] == PROPOSAL}
    days.travel("2025-12-24T09:00:00+08:00")
    days.two_clocks()
    fired = Counter(reminded(days)) - before
    assert fired == FIRING
    assert all(times == 1 for times in Counter(days.runs()).values())
    proposals = [task["record_id"] for task in days.tasks() if task["flow"] == PROPOSAL]
    assert len(set(proposals)) == len(proposals)
    assert len(set(proposals) - drafted) == 320
    assert {colour: days.count("contract", urgency=colour) for colour in COLOURS} == COLOURS
