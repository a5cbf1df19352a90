"""What tests of contracts have in common: a unit, a customer, a general manager, and how one agrees on terms."""

from io import BytesIO
from typing import Any

from apps.slips import Slip, draw_slip
from tests.apps.conftest import House
from tests.apps.office_days import PEOPLE, Days

START = "2025-12-01T08:00:00+08:00"


def world(house: House, workspace: int, moment: str = START) -> Days:
    """A day in December, with a unit that nobody has and a customer."""
    days = Days.begin(house, workspace, moment, {**PEOPLE, "boss": "gm"})
    site = days.make("site", code="SH01", name="示例仓", city="上海")
    days.make("unit", code="SH01-A101", site=site, list_rent="1300.00")
    days.make("customer", customer_no="KH1", name="孔思", phone="199-0000-2494")
    return days


def agree(days: Days, **terms: Any) -> int:
    """A contract that is to start."""
    (unit, *_), (customer, *_) = days.find("unit"), days.find("customer")
    held = {"unit": unit["id"], "customer": customer["id"], "owner": days.people["agent"].person_id}
    told = {"contract_no": "HT26SH00001", **held, "status": "pending_start", **terms}
    return days.make("contract", **told)


def draft(days: Days, contract: int, **changes: Any) -> None:
    """Finance has the bills drafted."""
    press(days, "bill_schedule_now", contract, "finance", **changes)


def press(days: Days, button: str, record: int, who: str, **changes: Any) -> None:
    """Somebody presses a button, and the workers follow."""
    with days.work() as session:
        days.house.flows.press(session, button, record, days.people[who], changes)
    days.settle()


def bills(days: Days, contract: int, **where: Any) -> list[dict[str, Any]]:
    """The bills of a contract in the order of their periods, superseded ones too."""
    found = [bill for bill in days.find("bill", **where) if bill["contract"] == contract]
    return sorted(found, key=lambda bill: (bill["period_from"], bill["id"]))


def live(days: Days, contract: int) -> list[dict[str, Any]]:
    """Those that have not been superseded."""
    return [bill for bill in bills(days, contract) if bill["status"] != "superseded"]


def told(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """First day, last day, amount."""
    return [(bill["period_from"], bill["period_to"], bill["amount"]) for bill in found]


def lines(bill: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Kind, first day, last day, amount."""
    return [(row["kind"], row["from"], row["to"], row["amount"]) for row in bill["lines"]]


def paper(days: Days, who: str = "agent", content: bytes = b"%PDF-1.4\n%%EOF\n", name: str = "signed.pdf") -> list[str]:
    """A stored file of this person's."""
    with days.work() as session:
        stored = days.house.files.store(session, BytesIO(content), name, days.people[who].ref)
        return [str(stored.id)]


def slip(days: Days) -> str:
    """A stored picture of the agent's."""
    (stored,) = paper(days, content=draw_slip(Slip("1", "0.00", "2025-12-01", "1")), name="slip.jpg")
    return stored


def pay(days: Days, bill: dict[str, Any]) -> None:
    """A confirmed payment of the whole bill."""
    line = {"bill": bill["id"], "applied": bill["amount"]}
    told = {"contract": bill["contract"], "bill": bill["id"], "amount": bill["amount"], "lines": [line]}
    told |= {"channel": "bank", "payer": "孔思", "slip": [slip(days)], "value_date": "2025-12-01"}
    days.make("payment", **told, status="confirmed")
    days.settle()
