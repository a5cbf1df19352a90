"""The repair service of the leasing preset at work: the case's sites, equipment and technicians, and people who act.

Every act is a transaction of its own at its own time of the workspace's clock, through the services that pages call.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from formloom import clock
from formloom.db.uow import unit_of_work
from formloom.outbox import Relay, Runner
from formloom.people import create_person
from formloom.timers import Clock
from sqlalchemy import func, select

from apps import bundle, install, samples
from apps.demo import FOLDER
from apps.names import Known
from apps.slips import Slip, draw_slip
from flow_engine.models import Run, Task
from flow_engine.service import handlers, timer_handlers
from flow_engine.service.clocks.show import ClockView
from form_engine.records import late
from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import House
from tests.platform.backends import Inline

GUEST = "guest"
SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF = {"agent": "agent", "dispatcher": "dispatcher", "supervisor": "supervisor", "admin": "admin"}
CASE = Path(__file__).parents[1] / "data" / "tickets" / "case.csv"
CATEGORIES = {
    "空调": "ac",
    "门禁": "access",
    "电梯": "elevator",
    "消防": "fire",
    "监控网络": "cctv",
    "照明电气": "lighting",
    "给排水": "plumbing",
    "叉车设备": "forklift",
}


def case() -> list[dict[str, str]]:
    """The tickets of the case with what is expected of each."""
    return list(csv.DictReader(CASE.read_text("utf-8").splitlines()))


@dataclass
class Workshop:
    """Names lead to people and records: `JS018`, `SH01`, `SH01-AC-01`, `dispatcher`."""

    house: House
    workspace: int
    people: dict[str, Actor] = field(default_factory=dict)
    known: Known = field(default_factory=Known)

    @classmethod
    def open(cls, house: House, workspace: int) -> "Workshop":
        """The preset is installed; each technician of the case has an account."""
        shop = cls(house, workspace)
        several = [one for one in samples.read_samples(FOLDER) if one.form in ("site", "equipment", "technician")]
        handles: dict[str, int] = {}
        with unit_of_work(house.databases, workspace) as session:
            install.install(session, house.stores, bundle.read(FOLDER), SYSTEM)
            for name, role in STAFF.items():
                person = create_person(session, f"{name}@example.test", name, roles=(role,))
                shop.people[name] = Actor.person(person.id, frozenset({role}), name)
            for sample in several:
                if sample.form == "technician":
                    for code, values in sample.named():
                        person = create_person(
                            session, f"{code}@example.test", str(values["name"]), roles=("technician",)
                        )
                        shop.people[code] = Actor.person(person.id, frozenset({"technician"}), code)
                        if "account" in values:
                            handles[str(values["account"])] = person.id
        shop.known = Known(handles)
        with unit_of_work(house.databases, workspace) as session:
            forms = {one.form: house.forms.live(session, one.form).definition for one in several}

            def write(form: str, rows: Any) -> list[int]:
                for values in rows if form == "technician" else ():
                    values["account"] = shop.people[values["code"]].person_id
                return house.records.import_rows(session, house.forms, form, rows, SYSTEM)

            samples.load(several, forms, shop.known, write)
        return shop

    def travel(self, when: str) -> None:
        """Go to a moment on the wall of the office."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            clock.travel(session, datetime.fromisoformat(when).replace(tzinfo=SHANGHAI))

    def report(self, row: Mapping[str, str], by: str = "agent", **more: Any) -> int:
        """Report a ticket of the case as it stands there; the id of its record."""
        equipment = self.known.records["equipment"].get(row["equipment_no"], 999_999_999)
        photos = [photo for _ in range(int(row["photo_count"])) for photo in self.picture(by)]
        with unit_of_work(self.house.databases, self.workspace) as session:
            values = {
                "site": self.known.records["site"][row["site"]],
                "equipment": equipment,
                "category": CATEGORIES[row["category"]],
                "description": row["description"],
                "photos": photos,
                "contact": "孔思",
                "contact_phone": "199-0000-2494",
                **more,
            }
            return self.house.records.create(session, self.house.forms, "ticket", values, self.people[by]).id

    def picture(self, who: str) -> list[str]:
        """A photo that somebody has just taken."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            content = draw_slip(Slip("1", "1", "2025-12-24", "x"))
            actor = self.people[who]
            return [str(self.house.files.store(session, BytesIO(content), "photo.jpg", actor.ref).id)]

    def decide(self, ticket: int, who: str, decision: str, **more: Any) -> None:
        """Decide the open task that this person (or the customer by the link) has for the ticket."""
        task, actor = self.task(ticket, who)
        self.house.flows.decide(self.workspace, task.id, actor, decision, **more)

    def task(self, ticket: int, who: str) -> tuple[Task, Actor]:
        """The open task of this person, and as whom they decide it."""
        person = self.people[who].person_id if who != GUEST else None
        mine = Task.guest_link_id.is_not(None) if person is None else Task.person_id == person
        with unit_of_work(self.house.databases, self.workspace) as session:
            statement = select(Task).where(Task.record_id == ticket, Task.status == "open", mine, Task.kind != "cc")
            task = session.scalars(statement.order_by(Task.id.desc())).first()
        assert task is not None, f"{who} has nothing to decide"
        return task, Actor.guest(task.guest_link_id) if task.guest_link_id else self.people[who]

    def asked(self, ticket: int) -> set[str]:
        """Whom the ticket waits for, and what they are asked: `JS018 offer dispatch`."""
        names = {actor.person_id: name for name, actor in self.people.items()}
        with unit_of_work(self.house.databases, self.workspace) as session:
            statement = select(Task).where(Task.record_id == ticket, Task.status == "open", Task.kind != "cc")
            return {
                f"{names.get(task.person_id, GUEST)} {task.kind} {task.step}" for task in session.scalars(statement)
            }

    def press(self, button: str, ticket: int, who: str, changes: Mapping[str, Any] | None = None) -> None:
        """Press a button of the ticket."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            self.house.flows.press(session, button, ticket, self.people[who], changes)

    def withdraw(self, ticket: int, who: str) -> None:
        """Whoever reported it takes it back."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            self.house.flows.withdraw(session, self._run(session, ticket), self.people[who])

    def seen(self, ticket: int, who: str | None = None) -> dict[str, Any]:
        """All that a person (or the system) sees of a record."""
        actor = self.people[who] if who is not None else SYSTEM
        with unit_of_work(self.house.databases, self.workspace) as session:
            view = self.house.records.view(session, self.house.forms, ticket, actor)
        return {**view.values, **view.computed}

    def clock(self, ticket: int) -> ClockView:
        """The clock from acceptance to dispatch."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            (found,) = self.house.flows.clocks(session, self._run(session, ticket))
        return found

    def technician(self, code: str) -> dict[str, Any]:
        """A technician's record."""
        return self.seen(self.known.records["technician"][code])

    def tick(self) -> int:
        """Every timer that is due has fired."""
        return Clock(self.house.databases, timer_handlers(self.house.flows)).tick()

    def silence(self, ticket: int) -> None:
        """The customer has not answered in time."""
        task, _ = self.task(ticket, GUEST)
        with unit_of_work(self.house.databases, self.workspace) as session:
            self.house.flows.fire(session, {"run": task.run_id, "visit": task.visit, "action": 1})

    def settle(self) -> None:
        """Whoever listens has heard of what changed."""
        flows = self.house.flows
        works: dict[str, Any] = {**handlers(flows), late.KIND: late.Late(self.house.forms, flows.late_subscribers())}
        relay = Relay(self.house.databases, Inline(Runner(self.house.databases, works)))
        while relay.run_once():
            pass

    def dispatched(self, ticket: int, who: str) -> None:
        """The dispatcher takes it on, and this technician accepts the offer."""
        self.decide(ticket, "dispatcher", "approve")
        self.decide(ticket, who, "accept")

    def journals_replay(self) -> bool:
        """Whether every run's journal gives its stored state."""
        with unit_of_work(self.house.databases, self.workspace) as session:
            runs = list(session.scalars(select(Run.id)))
            return bool(runs) and all(self.house.flows.replay(session, run).ok for run in runs)

    def _run(self, session: Any, ticket: int) -> int:
        run = select(func.max(Run.id)).where(Run.record_id == ticket, Run.flow == "ticket_handling")
        found: int = session.scalar(run)
        return found
