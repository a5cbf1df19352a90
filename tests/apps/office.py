"""A small office that works with the leasing preset: one contract with three bills, and people who decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any

from formloom.clock import app_now
from formloom.db.uow import unit_of_work
from formloom.models import OutboxItem
from formloom.people import create_person
from sqlalchemy import select

from apps import bundle, install
from apps.demo import FOLDER
from apps.slips import Slip, draw_slip
from flow_engine.models import Run, Task
from flow_engine.service.plays.papers import DOCUMENT
from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import House

PEOPLE = {
    "agent": ("agent",),
    "finance1": ("finance",),
    "finance2": ("finance",),
    "supervisor": ("supervisor",),
    "admin": ("admin",),
}
GUEST = "customer"


@dataclass
class Office:
    """Every act is a transaction of its own, as in life."""

    house: House
    workspace: int
    people: dict[str, Actor] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, house: House, workspace: int) -> "Office":
        office = cls(house, workspace)
        with unit_of_work(house.databases, workspace) as session:
            install.install(session, house.stores, bundle.read(FOLDER), SYSTEM)
            for name, roles in PEOPLE.items():
                person = create_person(session, f"{name}@example.test", name, roles=roles)
                office.people[name] = Actor.person(person.id, frozenset(roles), name)
        office._rent_out()
        return office

    def _rent_out(self) -> None:
        add = self.add
        add("site", "site", code="SH01", name="示例仓", city="上海")
        add("unit", "unit", code="SH01-A101", site=self.ids["site"], list_rent="400.00")
        add("customer", "customer", customer_no="KH1", name="孔思", phone="199-0000-2494")
        contract = {"unit": self.ids["unit"], "customer": self.ids["customer"], "owner": self.people["agent"].person_id}
        term = {"start": "2025-01-01", "end": "2025-12-31", "monthly_rent": "400.00", "status": "active"}
        add("contract", "contract", contract_no="HT1", **contract, **term)
        for month, amount in (("10", "400.00"), ("11", "400.00"), ("12", "1000.00")):
            period = {"period_from": f"2025-{month}-01", "period_to": f"2025-{month}-28", "due": f"2025-{month}-01"}
            add(f"bill{month}", "bill", bill_no=f"ZD-{month}", contract=self.ids["contract"], amount=amount, **period)

    def add(self, name: str, form: str, /, **values: Any) -> int:
        """A record that the system makes."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            self.ids[name] = self.house.records.create(session, self.house.forms, form, values, SYSTEM).id
        return self.ids[name]

    def pay(self, bill: str, amount: str, /, by: str = "agent", **more: Any) -> int:
        """The agent records a payment with its slip; the id of its record."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            slip = Slip("1", amount, "2025-12-24", bill)
            photo = self.house.files.store(session, BytesIO(draw_slip(slip)), "slip.jpg", self.people[by].ref)
            day = app_now(session).date().isoformat()
            values = {
                "contract": self.ids["contract"],
                "bill": self.ids[bill],
                "amount": amount,
                "slip": [str(photo.id)],
            }
            values |= {"channel": "bank", "payer": "孔思", "value_date": day, **more}
            return self.house.records.create(session, self.house.forms, "payment", values, self.people[by]).id

    def decide(self, payment: int, who: str, decision: str, **more: Any) -> None:
        """Decide the open task that this person (or the customer by the link) has for the payment."""
        task, actor = self.task(payment, who)
        self.house.flows.decide(self.workspace, task.id, actor, decision, **more)

    def task(self, payment: int, who: str) -> tuple[Task, Actor]:
        """The open task of this person, and as whom they decide it."""
        person = self.people[who].person_id if who != GUEST else None
        mine = Task.guest_link_id.is_not(None) if person is None else Task.person_id == person
        with unit_of_work(self.house.databases, self.workspace) as session:
            statement = select(Task).where(Task.record_id == payment, Task.status == "open", mine)
            task = session.scalars(statement.order_by(Task.id.desc())).first()
        assert task is not None, f"{who} has nothing to decide"
        return task, Actor.guest(task.guest_link_id) if task.guest_link_id else self.people[who]

    def waiting(self, payment: int) -> set[str]:
        """Whom the payment waits for."""
        names = {actor.person_id: name for name, actor in self.people.items()}
        with unit_of_work(self.house.databases, self.workspace) as session:
            tasks = session.scalars(
                select(Task).where(Task.record_id == payment, Task.status == "open", Task.kind != "cc")
            )
            return {GUEST if task.person_id is None else names[task.person_id] for task in tasks}

    def allocate(self, payment: int, who: str, **amounts: str) -> None:
        """Finance applies amounts to bills and passes the payment on."""
        lines = [{"bill": self.ids[bill], "applied": applied} for bill, applied in amounts.items()]
        self.decide(payment, who, "approve", changes={"lines": lines})

    def press(self, button: str, payment: int, who: str, changes: Mapping[str, Any] | None = None) -> None:
        with unit_of_work(self.house.databases, self.workspace) as session:
            self.house.flows.press(session, button, payment, self.people[who], changes)

    def figures(self, bill: str) -> tuple[str, Decimal, Decimal, Decimal]:
        """Status, paid, pending and outstanding of a bill, as anybody who may read it sees them."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            seen = self.house.records.view(session, self.house.forms, self.ids[bill], SYSTEM).computed
        return seen["status"], *(Decimal(seen[key]) for key in ("paid", "pending", "outstanding"))

    def status(self, payment: int) -> str:
        with unit_of_work(self.house.databases, self.workspace) as session:
            return str(self.house.records.get(session, self.house.forms, payment, SYSTEM).data["status"])

    def seen(self, record: int, who: str) -> dict[str, Any]:
        """All that a person sees of a record."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            view = self.house.records.view(session, self.house.forms, record, self.people[who])
        return {**view.values, **view.computed}

    def work_off(self) -> int:
        """Make the documents that runs wait for; how many there were."""
        waiting = select(OutboxItem.id).where(OutboxItem.kind == DOCUMENT, OutboxItem.done_at.is_(None))
        with unit_of_work(self.house.databases, self.workspace) as session:
            items = session.scalars(waiting).all()
        return sum(self.house.runner.run(self.workspace, item) for item in items)

    def journals_replay(self) -> bool:
        """Whether every run's journal gives its stored state."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            runs = list(session.scalars(select(Run.id)))
            return bool(runs) and all(self.house.flows.replay(session, run).ok for run in runs)
