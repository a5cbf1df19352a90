"""The leasing preset as a server runs it, with clocks and workers turned by hand, for tests of what happens by time."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from formloom import jobs, messages
from formloom.clock import travel
from formloom.db.uow import unit_of_work
from formloom.outbox import Handler, JobContext, Relay, Runner
from formloom.people import create_person
from formloom.timers import Clock
from sqlalchemy import text

from apps import bundle, install, samples
from apps.demo import FOLDER
from apps.names import Known
from apps.people import create_organisation, read_organisation
from flow_engine.service import handlers, timer_handlers
from flow_engine.service.papers import Papers
from form_engine.documents.service import Documents
from form_engine.records import late
from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import House
from tests.platform.backends import Inline

PEOPLE = {"agent": "agent", "agent2": "agent", "supervisor": "supervisor", "finance": "finance", "admin": "admin"}


@dataclass
class Days:
    """One workspace with the preset. What people do is a transaction each; `at` lets time pass, the clocks follow."""

    house: House
    workspace: int
    people: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    def begin(cls, house: House, workspace: int, moment: str, roles: Mapping[str, str] = PEOPLE) -> "Days":
        """The preset, a few people, and a day."""
        days = cls(house, workspace)
        days.travel(moment)
        with days.work() as session:
            install.install(session, house.stores, bundle.read(FOLDER), SYSTEM)
            for name, role in roles.items():
                person = create_person(session, f"{name}@example.test", name, roles=(role,))
                days.people[name] = Actor.person(person.id, frozenset({role}), name)
        return days

    def load_case(self) -> None:
        """The case data with the demo's people, as the demo loads it."""
        house, organisation = self.house, read_organisation(FOLDER)
        with self.work() as session:
            people = create_organisation(session, organisation)
            forms = {key: form.definition for key, form in house.forms.forms(session).items()}
            samples.load(
                samples.read_samples(FOLDER),
                forms,
                Known(people),
                lambda form, rows: house.records.import_rows(session, house.forms, form, rows, SYSTEM),
            )

    def work(self) -> Any:
        """A unit of work."""
        return unit_of_work(self.house.databases, self.workspace)

    def travel(self, moment: str) -> None:
        """It is that time (ISO 8601) and a second, for all: whole seconds are what a workspace's clock is set by."""
        with self.work() as session:
            travel(session, datetime.fromisoformat(moment) + timedelta(seconds=1))

    def make(self, form: str, /, by: str | None = None, **values: Any) -> int:
        """A new record's id, made by a person or the system."""
        actor = self.people[by] if by else SYSTEM
        with self.work() as session:
            return self.house.records.create(session, self.house.forms, form, values, actor).id

    def change(self, record: int, /, by: str | None = None, **values: Any) -> None:
        """Change a record."""
        actor = self.people[by] if by else SYSTEM
        with self.work() as session:
            self.house.records.update(session, self.house.forms, record, values, actor)

    def see(self, record: int) -> dict[str, Any]:
        """A record with what is worked out."""
        with self.work() as session:
            view = self.house.records.view(session, self.house.forms, record, SYSTEM)
        return {**view.values, **view.computed}

    def find(self, form: str, **where: Any) -> list[dict[str, Any]]:
        """Records with these values, in order."""
        conditions = [{"field": key, "op": "eq", "value": value} for key, value in where.items()]
        with self.work() as session:
            statement = text("SELECT id FROM record WHERE form = :form AND deleted_at IS NULL ORDER BY id")
            ids = list(session.scalars(statement, {"form": form}))
        found = [{"id": each, **self.see(each)} for each in ids]
        return [one for one in found if all(one.get(c["field"]) == c["value"] for c in conditions)]

    def count(self, form: str, **where: Any) -> int:
        """How many records have these values, asked as a list asks."""
        wanted = {"and": [{"field": key, "op": "eq", "value": value} for key, value in where.items()]}
        with self.work() as session:
            page = self.house.records.list_page(session, self.house.forms, form, SYSTEM, filter=wanted, limit=1)
        return int(page.count)

    def tasks(self, record: int | None = None, status: str = "open") -> list[dict[str, Any]]:
        """Tasks of a record (or all), in order, with the flow of each."""
        statement = text(
            "SELECT t.*, r.flow FROM task t JOIN run r ON r.id = t.run_id"
            " WHERE t.kind <> 'cc' AND t.status = :status"
            " AND (CAST(:record AS bigint) IS NULL OR t.record_id = :record) ORDER BY t.id"
        )
        with self.work() as session:
            return [dict(row) for row in session.execute(statement, {"status": status, "record": record}).mappings()]

    def runs(self) -> list[tuple[str, int, str]]:
        """(flow, record, status) of every run, in order."""
        with self.work() as session:
            return [tuple(row) for row in session.execute(text("SELECT flow, record_id, status FROM run ORDER BY id"))]

    def decide(self, record: int, who: str, decision: str, **more: Any) -> None:
        """Decide the open task that this person has on the record."""
        person = self.people[who].person_id
        task = next(one for one in self.tasks(record) if one["person_id"] == person)
        self.house.flows.decide(self.workspace, task["id"], self.people[who], decision, **more)
        self.settle()

    def settle(self) -> None:
        """The workers do all that is to be done."""
        relay = Relay(self.house.databases, Inline(self.runner))
        while relay.run_once():
            pass

    @property
    def runner(self) -> Runner:
        """As the composition makes it."""
        house, flows = self.house, self.house.flows
        documents = Documents(
            house.forms, house.files, house.stores.documents, lambda _, record: {"record": "http://here"}
        )
        work = jobs.Jobs(flows.triggering.works())
        known: dict[str, Handler] = {
            jobs.KIND: work,
            messages.KIND: _posted,
            late.KIND: late.Late(house.forms, flows.late_subscribers()),
            **handlers(flows),
            **Papers(flows, documents, house.files).handlers(),
        }
        return Runner(house.databases, known, given_up={jobs.KIND: work.given_up})

    def clock(self) -> Clock:
        """A clock, as every server process has one."""
        return Clock(self.house.databases, timer_handlers(self.house.flows))

    def tick(self) -> None:
        """A clock fires all that is due, and the workers follow."""
        while self.clock().tick():
            self.settle()
        self.settle()

    def two_clocks(self) -> None:
        """As `tick`, by two clocks that compete."""

        def run(clock: Clock) -> None:
            while clock.tick():
                pass

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, (self.clock(), self.clock())))
        self.settle()

    def at(self, moment: str) -> None:
        """Time passes until then."""
        self.travel(moment)
        self.tick()


def _posted(context: JobContext, payload: Mapping[str, Any]) -> None:
    """Messages leave; where they go is not the concern of these tests."""
    with context.unit_of_work() as session:
        context.finish(session)
