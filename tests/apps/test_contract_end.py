"""How a contract comes to its end, and what one without an end asks for (LEASING §3, §4)."""

from typing import Any

import pytest

from tests.apps.conftest import House
from tests.apps.contracts import agree, bills, draft, live, pay, press, slip, told, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def running(days: Days, **terms: Any) -> int:
    contract = agree(days, **{"start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00", **terms})
    draft(days, contract)
    days.at("2026-01-01T00:06:00+08:00")
    return contract


def terminated(days: Days, contract: int, day: str) -> None:
    press(days, "contract_termination", contract, "agent", move_out=day, leave_reason="客户搬离")
    assert days.see(contract)["status"] == "active"
    days.decide(contract, "supervisor", "approve")


def test_the_last_bill_is_cut_at_the_day_of_moving_out(days: Days) -> None:
    contract = running(days)
    pay(days, bills(days, contract)[5])
    terminated(days, contract, "2026-06-20")
    assert days.see(contract)["status"] == "settling"
    now = live(days, contract)
    assert told(now)[4:] == [
        ("2026-05-01", "2026-05-31", "1200.00"),
        ("2026-06-01", "2026-06-30", "1200.00"),
        ("2026-06-01", "2026-06-30", "-400.00"),
    ]
    assert [bill["type"] for bill in now[5:]] == ["rent", "adjustment"]


def test_who_stays_after_all_owes_the_whole_term(days: Days) -> None:
    contract = running(days)
    terminated(days, contract, "2026-06-20")
    assert told(live(days, contract))[-1] == ("2026-06-01", "2026-06-20", "800.00")
    press(days, "contract_stay", contract, "supervisor")
    assert days.see(contract)["status"] == "active"
    assert told(live(days, contract))[5:7] == [
        ("2026-06-01", "2026-06-30", "1200.00"),
        ("2026-07-01", "2026-07-31", "1200.00"),
    ]
    assert len(live(days, contract)) == 12


def test_a_refused_termination_changes_nothing(days: Days) -> None:
    contract = running(days)
    press(days, "contract_termination", contract, "agent", move_out="2026-06-20", leave_reason="客户搬离")
    days.decide(contract, "supervisor", "reject", comment="合同期内")
    assert days.see(contract)["status"] == "active"
    draft(days, contract)
    assert len(live(days, contract)) == 12


def test_one_without_an_end_is_reviewed_every_year(days: Days) -> None:
    contract = running(days, end=None)
    assert days.see(contract)["review_on"] == "2027-01-01"
    days.at("2027-01-04T09:00:00+08:00")
    days.decide(contract, "agent", "submit", changes={"outreach_note": "维持现价"})
    assert days.see(contract)["review_on"] == "2028-01-01"


def test_a_signature_on_the_phone_will_do(days: Days) -> None:
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    term = {"start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00", "deposit": "2400.00"}
    contract = days.make("contract", by="agent", contract_no="HT26SH00009", **held, **term)
    days.decide(contract, "supervisor", "approve")
    signed = {"signed_how": "phone", "signature": slip(days)}
    days.decide(contract, "agent", "submit", changes=signed)
    seen = days.see(contract)
    assert (seen["status"], seen["signed_on"]) == ("pending_start", "2025-12-01")
    (deposit,) = bills(days, contract, type="deposit")
    assert (deposit["bill_no"], deposit["amount"], deposit["due"]) == ("YJ26SH00009", "2400.00", "2026-01-01")
