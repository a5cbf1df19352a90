"""How many statements a page sends: the frame and the page together, however many forms and rows there are."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.models import Person
from sqlalchemy import event

from tests.apps.conftest import House
from tests.apps.office import Office
from tests.web.conftest import Browser
from web.composition import Services


@pytest.fixture
def leasing(services: Services, workspace: int) -> Office:
    """The leasing preset with its six forms, one contract and three bills, in the application's own services."""
    held = services.forms, services.records, services.flows, services.stores, services.runner, services.timer_handlers
    return Office.open(House(services.databases, services.access, services.files, *held), workspace)


@pytest.fixture
def sent(services: Services) -> Iterator[list[str]]:
    """Every statement that reaches the database through the pools of requests, while it lasts."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engines = (services.databases.app, services.databases.router)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def finance(leasing: Office, services: Services, workspace: int, log_in: Callable[[Person], Browser]) -> Browser:
    """Somebody of finance, whom a payment waits for."""
    leasing.ids["payment"] = leasing.pay("bill12", "100.00")
    leasing.decide(leasing.ids["payment"], "customer", "approve")
    with unit_of_work(services.databases, workspace) as session:
        person = session.get_one(Person, (workspace, leasing.people["finance1"].person_id))
    return log_in(person)


def counted(browser: Browser, path: str, sent: list[str]) -> int:
    """The statements of the second visit: the first one may compile definitions."""
    browser.get(path)
    sent.clear()
    assert browser.get(path).status_code == 200
    return len(sent)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 17),
        ("/forms/bill", 20),
        ("/forms/payment", 23),
        ("/inbox", 36),
        ("/inbox?task={task}", 37),
        ("/records/{payment}", 39),
        ("/records/{contract}", 71),
        ("/badges", 6),
        ("/api/v1/forms/bill/records", 14),
    ],
)
def test_a_page_sends_few_statements(leasing: Office, finance: Browser, sent: list[str], path: str, most: int) -> None:
    task = leasing.task(leasing.ids["payment"], "finance1")[0].id
    assert counted(finance, path.format(**leasing.ids, task=task), sent) <= most


@pytest.mark.parametrize("path", ["/forms/bill", "/records/{contract}"])
def test_rows_cost_no_statements_of_their_own(leasing: Office, finance: Browser, sent: list[str], path: str) -> None:
    path = path.format(**leasing.ids)
    before = counted(finance, path, sent)
    for month in ("04", "05", "06", "07"):
        period = {"period_from": f"2025-{month}-01", "period_to": f"2025-{month}-28", "due": f"2025-{month}-01"}
        bill = {"bill_no": f"ZD-{month}", "contract": leasing.ids["contract"], "amount": "400.00", **period}
        leasing.add(f"bill{month}", "bill", **bill)
    assert counted(finance, path, sent) == before
