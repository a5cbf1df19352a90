"""A contract from draft to its end: approval, signing, bills, start (LEASING §2)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from formloom.errors import InvalidInput

from tests.apps.conftest import House
from tests.apps.contracts import paper, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def submit(days: Days, by: str = "agent", **terms: Any) -> int:
    """An agent submits a contract."""
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people[by].person_id}
    term = {"contract_no": "HT26SH00001", "start": "2026-01-01", "end": "2026-12-31", "monthly_rent": "1200.00"}
    return days.make("contract", by=by, **{**term, **held, **terms})


def test_from_draft_to_the_day_it_starts(days: Days) -> None:
    contract = submit(days)
    assert days.see(contract)["status"] == "in_approval"
    days.decide(contract, "supervisor", "approve")
    assert days.see(contract)["status"] == "pending_sign"
    for lacking in ({}, {"signed_how": "file"}, {"signed_how": "phone"}):
        with pytest.raises(InvalidInput):
            days.decide(contract, "agent", "submit", changes=lacking)
    days.decide(contract, "agent", "submit", changes={"signed_how": "file", "signed_files": paper(days)})
    assert days.see(contract)["status"] == "pending_start"
    assert len(days.find("bill")) == 12
    days.at("2025-12-31T23:59:00+08:00")
    assert days.see(contract)["status"] == "pending_start"
    days.at("2026-01-01T00:05:00+08:00")
    assert days.see(contract)["status"] == "active"
    days.at("2027-01-01T00:10:00+08:00")
    assert days.see(contract)["status"] == "expired_pending"


def test_a_large_one_needs_the_general_manager(days: Days) -> None:
    contract = submit(days, monthly_rent="20000.00")
    days.decide(contract, "supervisor", "approve")
    assert days.see(contract)["status"] == "in_approval"
    days.decide(contract, "boss", "approve")
    assert days.see(contract)["status"] == "pending_sign"


def test_what_is_returned_is_a_draft_again(days: Days) -> None:
    contract = submit(days)
    days.decide(contract, "supervisor", "reject", comment="too cheap")
    assert days.see(contract)["status"] == "draft"
    days.decide(contract, "agent", "resubmit", changes={"monthly_rent": "1300.00"})
    assert days.see(contract)["status"] == "in_approval"
    days.decide(contract, "supervisor", "approve")
    assert days.see(contract)["status"] == "pending_sign"


def test_two_agents_cannot_promise_one_unit_at_once(days: Days) -> None:
    together = Barrier(2)

    def one(number: int) -> bool:
        together.wait()
        try:
            submit(days, by=("agent", "agent2")[number], contract_no=f"HT26SH0000{number}")
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == [False, True]


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [("draft", "active", False), ("active", "suspended", True), ("suspended", "renewed", False),
     ("closed", "active", False), ("expired_pending", "renewed", True), ("settling", "closed", True)],
)  # fmt: skip
def test_only_declared_transitions(days: Days, before: str, after: str, may: bool) -> None:
    """EX65."""
    (unit,), (customer,) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    term = {"contract_no": "HT1", "start": "2026-01-01", "monthly_rent": "1.00"}
    contract = days.make("contract", **held, **term, status=before)
    if may:
        days.change(contract, status=after)
        assert days.see(contract)["status"] == after
    else:
        with pytest.raises(InvalidInput, match="illegal_transition"):
            days.change(contract, status=after)
