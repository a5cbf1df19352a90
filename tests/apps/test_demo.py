"""The demo as somebody finds it: the case data with its known figures, and people in the middle of their day."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from formloom.clock import today
from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.settings import PasswordCost, Settings
from formloom.workspaces import find_workspace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from apps.demo import DEMO_PASSWORD, WORKSPACE, live, prepare_demo
from flow_engine.models import Run, Task
from form_engine.models import Record
from form_engine.records.actor import SYSTEM
from tests.apps.conftest import House

MORNING = datetime(2025, 12, 24, 1, 30, tzinfo=UTC)
EVENING = datetime(2025, 12, 23, 16, tzinfo=UTC)
OPEN = (Task.status == "open", Task.kind != "cc")
CASE = ("expiry_60", "expiry_30", "expiry_15", "expiry_7", "renewal_proposal")
"""The flows that the dates of the case's own contracts start; of all others the stories tell."""


@pytest.fixture(scope="module")
def demo(clone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo, prepared once for this module in a database of its own."""
    address = clone_database("formloom_demo")
    databases = databases_at(Server(lambda: address), pool_size=5)
    settings = Settings(
        secret_key="a secret that only the tests use, 0123456789",
        data_dir=tmp_path_factory.mktemp("demo"),
        password_cost=PasswordCost(time=1, memory_kib=8, lanes=1),
    )
    house = House.of(databases, settings)
    prepare_demo(house)
    workspace = find_workspace(databases, WORKSPACE)
    assert workspace is not None
    live(house, workspace, MORNING)  # what a server does while one logs in
    yield house
    databases.close()


@pytest.fixture
def session(demo: House) -> Iterator[Session]:
    workspace = find_workspace(demo.databases, WORKSPACE)
    assert workspace is not None
    with unit_of_work(demo.databases, workspace) as session:
        yield session


def count(demo: House, session: Session, form: str, **where: object) -> int:
    conditions = [{"field": field, "op": "eq", "value": value} for field, value in where.items()]
    page = demo.records.list_page(session, demo.forms, form, SYSTEM, filter={"and": conditions}, limit=1)
    return int(page.count)


def test_it_lives_on_its_day(session: Session) -> None:
    assert today(session) == date(2025, 12, 24)


def test_the_case_data_has_its_known_figures(demo: House, session: Session) -> None:
    """Figures of the case: kpi_key.json and README.md of the data."""
    assert count(demo, session, "unit", status="occupied") == 2_720
    assert count(demo, session, "contract", status="active") == 2_679
    assert count(demo, session, "bill", status="locked") == 15
    assert _due(session, "2025-12-24") == Decimal("13937.15")
    assert _due(session, "2025-12-25") == Decimal("209215.71")


def _due(session: Session, day: str) -> Decimal:
    amounts = select(Record.data["amount"].astext).where(
        Record.form == "bill", Record.data["due"].astext == day, Record.data["locked"].astext == "false"
    )
    return sum(map(Decimal, session.scalars(amounts)), Decimal(0))


def test_everybody_finds_something_to_do(demo: House, session: Session) -> None:
    logins = dict(session.execute(select(Person.id, Person.login)).all())
    todo = Counter(
        logins[person].partition("@")[0]
        for person in session.scalars(select(Task.person_id).where(*OPEN, Task.flow.not_in(CASE)))
        if person is not None
    )
    office = {"agent": 2, "finance": 3, "finance2": 3, "supervisor": 5}
    assert todo == {**office, "dispatcher": 1, "technician2": 2}, "one offer ran out and went to the next"


def test_reminders_of_the_day_have_come(session: Session) -> None:
    """kpi_key.json: what fires on the day, each once, and what each colour has got by then."""
    flows = select(Run.flow, func.count()).where(Run.flow.in_(CASE)).group_by(Run.flow)
    today = dict(session.execute(flows.where(Run.started_at > EVENING)).all())
    assert today == {"expiry_60": 3, "expiry_30": 1, "expiry_15": 2, "expiry_7": 320, "renewal_proposal": 320}
    latest = Counter(session.scalars(select(Record.data["reminder"].astext).where(Record.form == "contract")))
    assert {latest[key] for key in ("d60", "d30", "d15", "d7")} == {332, 31, 22, 335}
    assert max(Counter(session.execute(select(Run.flow, Run.record_id).where(Run.flow.in_(CASE))).all()).values()) == 1


def test_each_proposal_waits_to_be_sent(session: Session) -> None:
    sending = select(Task.record_id).where(*OPEN, Task.flow == "renewal_proposal")
    proposals = set(session.scalars(select(Record.id).where(Record.form == "renewal_proposal")))
    assert Counter(session.scalars(sending)) == dict.fromkeys(proposals, 1)
    assert len(proposals) == 335


def test_payments_stand_at_every_stage(demo: House, session: Session) -> None:
    statuses = Counter(session.scalars(select(Record.data["status"].astext).where(Record.form == "payment")))
    stages = {"pending_customer": 3, "disputed": 1, "pending_finance": 3, "pending_supervisor": 2, "confirmed": 3}
    assert statuses == stages
    assert count(demo, session, "bill", status="partial") == 1
    assert count(demo, session, "bill", status="paid") == 2


def test_tickets_stand_at_several_stages(session: Session) -> None:
    statuses = Counter(session.scalars(select(Record.data["status"].astext).where(Record.form == "ticket")))
    assert statuses == {"submitted": 1, "accepted": 1, "on_site": 1}


def test_contracts_amendments_and_pauses_wait_for_somebody(session: Session) -> None:
    begun = Record.created_at > datetime(2025, 12, 22, tzinfo=UTC)
    for form, statuses in (
        ("contract", {"pending_sign": 1, "in_approval": 1}),
        ("amendment", {"approved": 1, "in_approval": 1}),
        ("suspension", {"approved": 1, "in_approval": 1}),
    ):
        told = session.scalars(select(Record.data["status"].astext).where(Record.form == form, begun))
        assert Counter(told) == statuses, form


def test_every_journal_replays(demo: House, session: Session) -> None:
    runs = list(session.scalars(select(Run.id).where(Run.flow.not_in(CASE))))
    assert len(runs) == 24
    for flow in CASE:
        runs += session.scalars(select(Run.id).where(Run.flow == flow).order_by(Run.id).limit(10))
    assert all(demo.flows.replay(session, run).ok for run in runs)


def test_everybody_may_log_in(demo: House) -> None:
    for person in prepare_demo(demo):
        assert demo.access.log_in(person.login, DEMO_PASSWORD, "127.0.0.1")


def test_preparing_it_again_changes_nothing(demo: House, session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(Record))
    prepare_demo(demo)
    assert session.scalar(select(func.count()).select_from(Record)) == before
    assert today(session) == date(2025, 12, 24)
