"""The ledger of deposits (LEASING §5 DEP-1 to DEP-3): owed, never income; set off at most what is there."""

import pytest
from formloom.errors import InvalidInput

from tests.apps.conftest import House
from tests.apps.contracts import agree, bills, draft, slip, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


def held(days: Days) -> int:
    """A contract in force whose deposit has been received through the three levels."""
    contract = agree(days, start="2025-12-01", end="2026-11-30", monthly_rent="1200.00", deposit="2400.00")
    draft(days, contract)
    days.at("2025-12-01T09:00:00+08:00")
    (deposit,) = bills(days, contract, type="deposit")
    told = {"contract": contract, "bill": deposit["id"], "amount": "2400.00", "channel": "bank", "payer": "孔思"}
    payment = days.make("payment", **told, slip=[slip(days)], status="pending_supervisor", value_date="2025-12-01")
    days.change(payment, lines=[{"bill": deposit["id"], "applied": "2400.00"}])
    days.change(payment, status="confirmed")
    days.settle()
    return contract


def test_what_is_received_is_owed(days: Days) -> None:
    contract = held(days)
    (entry,) = days.find("deposit_entry")
    told = {key: entry[key] for key in ("kind", "amount", "signed", "balance", "status", "booked_on")}
    assert told == {
        "kind": "received", "amount": "2400.00", "signed": "2400.00", "balance": "2400.00", "status": "booked",
        "booked_on": "2025-12-01",
    }  # fmt: skip
    assert days.see(contract)["deposit_held"] == "2400.00"


def test_what_is_set_off_is_to_be_topped_up(days: Days) -> None:
    """EX21."""
    contract = held(days)
    bill = days.make("bill", bill_no="ZD-X", contract=contract, due="2025-12-01", amount="1850.00")
    told = {"contract": contract, "kind": "offset", "bill": bill, "amount": "1850.00", "reason": "欠租"}
    entry = days.make("deposit_entry", by="agent", **told)
    assert days.see(bill)["outstanding"] == "1850.00"
    days.decide(entry, "supervisor", "approve")
    assert (days.see(bill)["outstanding"], days.see(bill)["status"]) == ("0.00", "paid")
    assert (days.see(contract)["deposit_held"], days.see(entry)["balance"]) == ("550.00", "550.00")
    (_, again) = days.find("bill", type="deposit")
    assert (again["amount"], again["status"]) == ("1850.00", "open")


def test_no_more_is_set_off_than_is_there(days: Days) -> None:
    """EX22: the cap; the rest is still owed."""
    contract = held(days)
    bill = days.make("bill", bill_no="ZD-X", contract=contract, due="2025-12-01", amount="3000.00")
    told = {"contract": contract, "kind": "offset", "bill": bill, "reason": "欠租"}
    with pytest.raises(InvalidInput):
        days.make("deposit_entry", by="agent", **told, amount="3000.00")
    entry = days.make("deposit_entry", by="agent", **told, amount="2400.00")
    days.decide(entry, "supervisor", "approve")
    assert days.see(bill)["outstanding"] == "600.00"


def test_only_the_manager_forfeits(days: Days) -> None:
    contract = held(days)
    told = {"contract": contract, "kind": "forfeited", "amount": "100.00", "reason": "损坏"}
    with pytest.raises(InvalidInput):
        days.make("deposit_entry", by="agent", **told)
    entry = days.make("deposit_entry", by="supervisor", **told)
    days.decide(entry, "supervisor", "approve")
    assert days.see(contract)["deposit_held"] == "2300.00"


def test_a_reversed_payment_takes_the_deposit_back(days: Days) -> None:
    contract = held(days)
    (payment,) = days.find("payment")
    days.change(payment["id"], status="reversed")
    days.settle()
    assert days.see(contract)["deposit_held"] == "0.00"


def test_nobody_books_a_receipt_by_hand(days: Days) -> None:
    contract = held(days)
    with pytest.raises(InvalidInput):
        days.make("deposit_entry", by="finance", contract=contract, kind="received", amount="100.00")
