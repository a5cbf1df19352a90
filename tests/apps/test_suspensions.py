"""Suspensions (LEASING §3 SUSP-1 to SUSP-4): what rests is locked, early resuming brings it back."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from tests.apps.conftest import House
from tests.apps.contracts import agree, bills, draft, lines, live, pay, press, told, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def year(days: Days, **terms: Any) -> int:
    contract = agree(days, **{"start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00", **terms})
    draft(days, contract)
    days.at("2026-01-01T00:06:00+08:00")
    return contract


def rest(days: Days, contract: int, since: str, until: str, **more: Any) -> int:
    """The agent asks for a pause, the manager agrees."""
    told = {"contract": contract, "from": since, "to": until, "reason": "客户出国", **more}
    made = days.make("suspension", by="agent", **told)
    days.settle()
    days.decide(made, "supervisor", "approve")
    return made


def test_whole_months_stay_visible_and_locked(days: Days) -> None:
    """EX16."""
    contract = year(days)
    rest(days, contract, "2026-04-01", "2026-05-31")
    seen = [(bill["amount"], bill["locked"], bill["status"], lines(bill)[0][0]) for bill in live(days, contract)[2:6]]
    assert seen == [
        ("1200.00", False, "scheduled", "rent"),
        ("0.00", True, "locked", "suspended"),
        ("0.00", True, "locked", "suspended"),
        ("1200.00", False, "scheduled", "rent"),
    ]


def test_the_contract_rests_from_the_first_day_to_the_last(days: Days) -> None:
    contract = year(days)
    pause = rest(days, contract, "2026-04-01", "2026-05-31")
    assert (days.see(pause)["status"], days.see(contract)["status"]) == ("approved", "active")
    days.at("2026-04-01T00:03:00+08:00")
    assert (days.see(pause)["status"], days.see(contract)["status"]) == ("running", "suspended")
    days.at("2026-06-01T00:04:00+08:00")
    assert (days.see(pause)["status"], days.see(contract)["status"]) == ("ended", "active")


@pytest.mark.parametrize(
    ("since", "until", "end"), [("2026-04-01", "2026-05-31", "2027-02-28"), ("2026-04-11", "2026-06-10", "2027-03-02")]
)
def test_the_term_is_extended(days: Days, since: str, until: str, end: str) -> None:
    """EX18: whole months by months, else by days."""
    contract = year(days)
    rest(days, contract, since, until, extend_term=True)
    assert days.see(contract)["end"] == end
    assert live(days, contract)[-1]["period_to"] == end


def test_resuming_early_ends_the_lock(days: Days) -> None:
    """SUSP-4: a new version from that day on."""
    contract = year(days)
    pause = rest(days, contract, "2026-04-01", "2026-05-31", extend_term=True)
    days.at("2026-05-01T09:00:00+08:00")
    press(days, "suspension_resume", pause, "agent", resumed_on="2026-05-01")
    seen = days.see(pause)
    assert (seen["status"], seen["to"], seen["agreed_to"]) == ("ended", "2026-04-30", "2026-05-31")
    assert (days.see(contract)["status"], days.see(contract)["end"]) == ("active", "2027-01-31")
    may = [
        (bill["bill_no"], bill["status"], bill["amount"]) for bill in bills(days, contract, period_from="2026-05-01")
    ]
    assert may[-1] == ("ZD26SH00001-005-V3", "scheduled", "1200.00")
    assert {status for _, status, _ in may[:-1]} == {"superseded"}
    assert live(days, contract)[-1]["period_to"] == "2027-01-31"


def test_resuming_on_a_day_to_come(days: Days) -> None:
    contract = year(days)
    pause = rest(days, contract, "2026-04-01", "2026-05-31")
    days.at("2026-04-10T09:00:00+08:00")
    press(days, "suspension_resume", pause, "supervisor", resumed_on="2026-04-21")
    assert days.see(contract)["status"] == "suspended"
    assert lines(live(days, contract)[3]) == [
        ("suspended", "2026-04-01", "2026-04-20", "0.00"), ("rent", "2026-04-21", "2026-04-30", "400.00"),
    ]  # fmt: skip
    days.at("2026-04-21T00:04:00+08:00")
    assert days.see(contract)["status"] == "active"


def test_what_falls_due_is_put_off(days: Days) -> None:
    """缓缴: the amount stays, the day moves."""
    contract = year(days)
    rest(days, contract, "2026-04-01", "2026-05-31", mode="defer")
    assert [(bill["amount"], bill["due"]) for bill in live(days, contract)[2:6]] == [
        ("1200.00", "2026-03-01"), ("1200.00", "2026-06-01"), ("1200.00", "2026-06-01"), ("1200.00", "2026-06-01"),
    ]  # fmt: skip
    days.at("2026-04-01T00:03:00+08:00")
    assert days.see(contract)["status"] == "active"


def test_what_is_paid_already_becomes_a_credit(days: Days) -> None:
    contract = year(days)
    pay(days, live(days, contract)[3])
    rest(days, contract, "2026-04-16", "2026-04-30")
    (april, credit) = live(days, contract)[3:5]
    assert (april["amount"], april["status"], credit["type"], credit["amount"]) == (
        "1200.00", "paid", "adjustment", "-600.00",
    )  # fmt: skip
    assert days.see(contract)["credit_notes"] == "600.00"


def test_two_pauses_do_not_overlap(days: Days) -> None:
    contract = year(days)
    rest(days, contract, "2026-04-01", "2026-05-31")
    with pytest.raises(InvalidInput):
        rest(days, contract, "2026-05-31", "2026-06-30")


def test_suspended_and_amended_at_once(days: Days) -> None:
    """Suspended comes before free, free before rent (SUSP-2)."""
    contract = year(days, free=[{"from": "2026-04-21", "to": "2026-05-10"}])
    rest(days, contract, "2026-05-01", "2026-05-20")
    (may,) = bills(days, contract, period_from="2026-05-01", stage="scheduled")
    assert lines(may) == [
        ("suspended", "2026-05-01", "2026-05-20", "0.00"), ("rent", "2026-05-21", "2026-05-31", "425.81"),
    ]  # fmt: skip
    assert told([may]) == [("2026-05-01", "2026-05-31", "425.81")]
