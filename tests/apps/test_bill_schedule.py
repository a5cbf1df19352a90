"""The schedule of bills of a contract (LEASING §3), drafted from its terms."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from formloom.errors import InvalidInput

from apps.demo import FOLDER
from tests.apps.conftest import House
from tests.apps.contracts import agree, bills, draft, lines, told, world
from tests.apps.office_days import Days


@pytest.fixture
def days(house: House, workspace: int) -> Days:
    return world(house, workspace)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        pytest.param(
            {"start": "2026-01-31", "end": "2026-05-30", "monthly_rent": "1200.00"},
            [("2026-01-31", "2026-02-27", "1200.00"), ("2026-02-28", "2026-03-30", "1200.00"),
             ("2026-03-31", "2026-04-29", "1200.00"), ("2026-04-30", "2026-05-30", "1200.00")],
            id="EX04",
        ),
        pytest.param(
            {"start": "2026-01-15", "end": "2026-12-31", "monthly_rent": "3000.00", "cycle": "m3"},
            [("2026-01-15", "2026-04-14", "9000.00"), ("2026-04-15", "2026-07-14", "9000.00"),
             ("2026-07-15", "2026-10-14", "9000.00"), ("2026-10-15", "2026-12-31", "7645.16")],
            id="EX06",
        ),
        pytest.param(
            {"start": "2026-03-18", "end": "2026-06-17", "monthly_rent": "2500.00", "alignment": "calendar"},
            [("2026-03-18", "2026-03-31", "1129.03"), ("2026-04-01", "2026-04-30", "2500.00"),
             ("2026-05-01", "2026-05-31", "2500.00"), ("2026-06-01", "2026-06-17", "1416.67")],
            id="EX07",
        ),
        pytest.param(
            {"start": "2026-01-01", "end": "2028-12-31", "monthly_rent": "1000.00", "cycle": "m12",
             "escalation_months": "12", "escalation": "0.05"},
            [("2026-01-01", "2026-12-31", "12000.00"), ("2027-01-01", "2027-12-31", "12600.00"),
             ("2028-01-01", "2028-12-31", "13230.00")],
            id="EX12",
        ),
    ],
)  # fmt: skip
def test_periods_and_amounts(days: Days, terms: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    contract = agree(days, **terms)
    draft(days, contract)
    found = bills(days, contract)
    assert told(found) == expected
    assert found[0]["bill_no"] == "ZD26SH00001-001"
    draft(days, contract)
    assert [bill["id"] for bill in bills(days, contract)] == [bill["id"] for bill in found]


def test_due_days_of_what_is_paid_in_advance_and_in_arrears(days: Days) -> None:
    """EX09."""
    term = {"start": "2026-01-15", "end": "2026-04-14", "monthly_rent": "900.00", "advance_days": "5"}
    contract = agree(days, **term)
    draft(days, contract)
    assert [bill["due"] for bill in bills(days, contract)] == ["2026-01-15", "2026-02-10", "2026-03-10"]
    days.change(contract, status="void")
    later = agree(days, contract_no="HT26SH00002", billing="arrears", **term)
    draft(days, later)
    assert [bill["due"] for bill in bills(days, later)] == ["2026-02-19", "2026-03-19", "2026-04-19"]


def test_free_days_stay_visible(days: Days) -> None:
    """EX10."""
    free = [{"from": "2026-01-15", "to": "2026-02-14"}]
    contract = agree(days, start="2026-01-15", end="2027-01-14", monthly_rent="3000.00", cycle="m3", free=free)
    draft(days, contract)
    found = bills(days, contract)
    assert lines(found[0]) == [
        ("free", "2026-01-15", "2026-02-14", "0.00"),
        ("rent", "2026-02-15", "2026-04-14", "6000.00"),
    ]
    assert sum(Decimal(bill["amount"]) for bill in found) == 33_000


def test_a_bill_opens_a_week_before_it_is_due(days: Days) -> None:
    contract = agree(days, start="2026-01-15", end="2026-04-14", monthly_rent="900.00")
    draft(days, contract)
    days.at("2026-01-08T05:59:00+08:00")
    assert {bill["status"] for bill in bills(days, contract)} == {"scheduled"}
    days.at("2026-01-08T06:00:00+08:00")
    assert [bill["status"] for bill in bills(days, contract)] == ["open", "scheduled", "scheduled"]


def test_without_an_end_twelve_months_roll_on(days: Days) -> None:
    contract = agree(days, start="2026-01-01", monthly_rent="100.00", status="active")
    draft(days, contract)
    first = len(bills(days, contract))
    days.at("2026-02-01T03:00:00+08:00")
    assert len(bills(days, contract)) > first


def test_a_unit_is_let_once_at_a_time(days: Days) -> None:
    agree(days, start="2026-01-01", end="2026-06-30", monthly_rent="100.00")
    with pytest.raises(InvalidInput):
        agree(days, contract_no="HT26SH00002", start="2026-06-30", end="2026-12-31", monthly_rent="100.00")
    agree(days, contract_no="HT26SH00003", start="2026-07-01", monthly_rent="100.00")


def rows(form: str) -> list[dict[str, Any]]:
    """The case's records as the bundle brings them."""
    raw = json.loads((FOLDER / "sample" / f"{form}.json").read_text())
    return [dict(zip(raw["columns"], row, strict=True)) for row in raw["rows"]]


def case_bills(days: Days, contracts: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The bills that the terms of these contracts, their amendments and pauses give, by number without its version."""
    (customer,), (site,) = days.find("customer"), days.find("site")
    changes = [(form, row) for form in ("amendment", "suspension") for row in rows(form)]
    for terms in contracts:
        held = {"unit": days.make("unit", code=terms["unit"] + "X", site=site["id"], list_rent="1.00")}
        ours = {"customer": customer["id"], "owner": days.people["agent"].person_id, "renewed_from": None}
        contract = days.make("contract", **{**terms, **held, **ours, "status": "pending_start"})
        for form, row in changes:
            if row["contract"] == terms["contract_no"]:
                days.make(form, **{**row, "contract": contract})
        draft(days, contract)
    return {re.sub(r"-V\d+$", "", bill["bill_no"]): seen(bill) for bill in days.find("bill")}


def seen(bill: dict[str, Any]) -> tuple[Any, ...]:
    parts = bill.get("lines") or ()
    told = [(row["kind"], row["from"], row["to"], Decimal(row["amount"])) for row in parts] if len(parts) > 1 else []
    known = (bill["type"], bill["period_from"], bill["period_to"], bill["due"], Decimal(bill["amount"]))
    return *known, bool(bill.get("locked")), told


@pytest.mark.parametrize("most", [12, pytest.param(3_000, marks=pytest.mark.soak)])
def test_the_bills_of_the_case_follow_from_the_terms(days: Days, most: int) -> None:
    """Each bill of bills.csv is among those that the terms give: free days, pauses, rises, amendments, deposits."""
    wanted = rows("bill")
    of = {bill["contract"] for bill in wanted}
    contracts = [one for one in rows("contract") if one["contract_no"] in of]
    made = case_bills(days, contracts if most >= len(contracts) else varied(contracts, wanted, most))
    numbers = {one["contract_no"] for one in days.find("contract")}
    expected = {bill["bill_no"]: seen(bill) for bill in wanted if bill["contract"] in numbers}
    assert len(numbers) == min(most, len(contracts))
    assert {number: made.get(number) for number in expected} == expected


def varied(contracts: list[dict[str, Any]], bills: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """A few of each sort: amended, paused, with a deposit to pay, free at first, rising, the rest."""
    amended, paused = ({row["contract"] for row in rows(form)} for form in ("amendment", "suspension"))
    deposits = {bill["contract"] for bill in bills if bill["type"] == "deposit"}
    split = {bill["contract"] for bill in bills if bill["lines"]}
    free, rising = ({one["contract_no"] for one in contracts if one[key]} & split for key in ("free", "escalation"))
    sorts = (amended & split, paused, deposits, free, rising, {one["contract_no"] for one in contracts})
    taken: dict[str, dict[str, Any]] = {}
    for number in range(most):
        wanted = sorts[number % len(sorts)]
        one = next((c for c in contracts if c["contract_no"] in wanted and c["contract_no"] not in taken), None)
        one = one or next(c for c in contracts if c["contract_no"] not in taken)
        taken[one["contract_no"]] = one
    return list(taken.values())
