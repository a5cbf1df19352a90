"""Amendments (LEASING §4): signed, approved, and then the bills from their day on are others (AMD-1, AMD-2)."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from tests.apps.conftest import House
from tests.apps.contracts import agree, bills, draft, lines, live, paper, pay, press, told, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def amend(days: Days, contract: int, **changes: Any) -> int:
    """The agent hands in a signed amendment."""
    told = {"contract": contract, "kind": "price", "reason": "双方协商", "signed_file": paper(days), **changes}
    made = days.make("amendment", by="agent", **told)
    days.settle()
    return made


def approved(days: Days, amendment: int, *more: str) -> None:
    for who in ("supervisor", *more):
        days.decide(amendment, who, "approve")
    days.tick()


def year(days: Days, **terms: Any) -> int:
    contract = agree(days, **{"start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00", **terms})
    draft(days, contract)
    return contract


def test_another_rent_splits_the_period_that_holds_its_day(days: Days) -> None:
    """EX34."""
    contract = year(days)
    amendment = amend(days, contract, effective="2026-05-16", new_rent="1000.00")
    assert days.see(amendment)["status"] == "in_approval"
    approved(days, amendment)
    now = live(days, contract)
    assert told(now)[3:6] == [
        ("2026-04-01", "2026-04-30", "1200.00"),
        ("2026-05-01", "2026-05-31", "1096.77"),
        ("2026-06-01", "2026-06-30", "1000.00"),
    ]
    assert lines(now[4]) == [
        ("rent", "2026-05-01", "2026-05-15", "580.65"),
        ("rent", "2026-05-16", "2026-05-31", "516.12"),
    ]
    assert [bill["bill_no"] for bill in bills(days, contract, period_from="2026-05-01")] == [
        "ZD26SH00001-005", "ZD26SH00001-005-V2",
    ]  # fmt: skip
    seen = days.see(contract)
    assert (seen["revision"], days.see(amendment)["status"], seen.get("agreed_from")) == ("2", "approved", None)
    days.at("2026-05-16T00:02:00+08:00")
    seen = days.see(contract)
    assert (days.see(amendment)["status"], seen["agreed_rent"], seen["rent_now"]) == ("effective", "1000.00", "1000.00")


def test_without_the_signed_file_nothing_goes(days: Days) -> None:
    """AMD-2: a rent is not lowered by word of mouth."""
    contract = year(days)
    with pytest.raises(InvalidInput):
        amend(days, contract, effective="2026-05-16", new_rent="1000.00", signed_file=None)


def test_what_is_paid_stays_and_is_adjusted(days: Days) -> None:
    contract = year(days)
    pay(days, bills(days, contract)[4])
    approved(days, amend(days, contract, effective="2026-05-16", new_rent="1000.00"))
    may = bills(days, contract, period_from="2026-05-01")
    assert [(bill["type"], bill["amount"], bill["stage"]) for bill in may] == [
        ("rent", "1200.00", "scheduled"), ("adjustment", "-103.23", "open"),
    ]  # fmt: skip
    assert days.see(may[0]["id"])["adjusted"] == "-103.23"
    assert days.see(contract)["credit_notes"] == "103.23"


def test_the_price_is_restated_whole(days: Days) -> None:
    """An earlier rise lapses unless it is stated again."""
    contract = year(
        days, end="2028-12-31", cycle="m12", monthly_rent="1000.00", escalation_months="12", escalation="0.05"
    )
    assert [bill["amount"] for bill in live(days, contract)] == ["12000.00", "12600.00", "13230.00"]
    approved(days, amend(days, contract, effective="2027-01-01", new_rent="900.00"))
    assert [bill["amount"] for bill in live(days, contract)] == ["12000.00", "10800.00", "10800.00"]


def test_another_cycle_begins_a_grid_of_its_own(days: Days) -> None:
    contract = year(days)
    approved(days, amend(days, contract, kind="cycle", effective="2026-05-16", new_rent="1200.00", new_cycle="m3"))
    assert told(live(days, contract))[3:] == [
        ("2026-04-01", "2026-04-30", "1200.00"),
        ("2026-05-01", "2026-05-15", "580.65"),
        ("2026-05-16", "2026-08-15", "3600.00"),
        ("2026-08-16", "2026-11-15", "3600.00"),
        ("2026-11-16", "2026-12-31", "1819.35"),
    ]


def test_an_extension_adds_bills(days: Days) -> None:
    contract = year(days)
    extended = {"effective": "2027-01-01", "new_end": "2027-03-31", "new_rent": "1300.00"}
    amendment = amend(days, contract, kind="extension", **extended)
    approved(days, amendment)
    assert days.see(contract)["end"] == "2027-03-31"
    assert days.see(amendment)["change"] == "1,200.00 → 1,300.00 · 2026-12-31 → 2027-03-31"
    assert told(live(days, contract))[11:] == [
        ("2026-12-01", "2026-12-31", "1200.00"),
        ("2027-01-01", "2027-01-31", "1300.00"),
        ("2027-02-01", "2027-02-28", "1300.00"),
        ("2027-03-01", "2027-03-31", "1300.00"),
    ]


def test_another_unit_and_another_party_from_their_day_on(days: Days) -> None:
    contract = year(days)
    (site,) = days.find("site")
    unit = days.make("unit", code="SH01-A102", site=site["id"], list_rent="1500.00")
    before = {"unit": unit, "contract_no": "HT25SH00007", "start": "2025-01-01", "end": "2026-02-28"}
    agree(days, **before, monthly_rent="900.00", status="active")  # who has it until the day before
    party = days.make("customer", customer_no="KH2", name="示例有限公司", phone="199-0000-2495")
    approved(days, amend(days, contract, kind="unit", effective="2026-03-01", new_unit=unit, new_rent="1500.00"))
    approved(days, amend(days, contract, kind="party", effective="2026-04-01", new_customer=party))
    assert days.see(contract)["unit"] != unit
    days.at("2026-04-01T00:05:00+08:00")
    seen = days.see(contract)
    assert (seen["unit"], seen["unit_from"], seen["customer"], seen["revision"]) == (unit, "2026-03-01", party, "3")


def test_what_reaches_back_asks_finance_and_a_large_one_the_general_manager(days: Days) -> None:
    contract = year(days, start="2025-06-01", end="2026-05-31", monthly_rent="20000.00")
    amendment = amend(days, contract, effective="2025-11-01", new_rent="18000.00")
    approved(days, amendment, "finance", "boss")
    assert days.see(amendment)["status"] == "effective"
    assert live(days, contract)[5]["amount"] == "18000.00"


def test_what_is_returned_can_be_mended(days: Days) -> None:
    contract = year(days)
    amendment = amend(days, contract, effective="2026-05-16", new_rent="1000.00")
    days.decide(amendment, "supervisor", "reject", comment="too cheap")
    assert days.see(amendment)["status"] == "draft"
    days.decide(amendment, "agent", "resubmit", changes={"new_rent": "1100.00"})
    approved(days, amendment)
    assert told(live(days, contract))[5] == ("2026-06-01", "2026-06-30", "1100.00")


def left(days: Days, contract: int, day: str) -> None:
    """The customer moves out on a day."""
    press(days, "contract_termination", contract, "agent", move_out=day, leave_reason="客户搬离")
    days.decide(contract, "supervisor", "approve")
    days.settle()
    assert days.see(contract)["status"] == "settling"


TERMS = ("status", "revision", "end", "rent_now", "agreed_rent", "agreed_from", "customer", "unit")


def terms(days: Days, contract: int) -> dict[str, Any]:
    """What is agreed on, whatever has been paid."""
    seen = days.see(contract)
    return {key: seen.get(key) for key in TERMS}


def test_of_a_contract_that_has_ended_meanwhile_nothing_takes_effect(days: Days) -> None:
    contract = year(days)
    before = amend(days, contract, effective="2026-03-16", new_rent="1000.00")
    after = amend(days, contract, effective="2026-05-16", new_rent="900.00")
    approved(days, before)
    approved(days, after)
    days.at("2026-01-01T00:06:00+08:00")
    left(days, contract, "2026-04-30")
    days.at("2026-03-16T00:02:00+08:00")
    assert days.see(before)["status"] == "effective"  # they stay until the end of April
    agreed = terms(days, contract)
    assert agreed["agreed_from"] == "2026-03-16"
    days.at("2026-05-16T00:02:00+08:00")
    assert days.see(after)["status"] == "void"
    assert terms(days, contract) == agreed


def test_what_is_approved_after_the_contract_has_ended_is_void(days: Days) -> None:
    contract = year(days)
    days.at("2026-01-01T00:06:00+08:00")
    late = amend(days, contract, effective="2026-05-16", new_rent="1000.00")
    left(days, contract, "2026-04-30")
    agreed, owed = terms(days, contract), told(live(days, contract))
    approved(days, late)
    assert days.see(late)["status"] == "void"
    assert (terms(days, contract), told(live(days, contract))) == (agreed, owed)
    days.at("2026-05-16T00:02:00+08:00")
    assert terms(days, contract) == agreed
