"""A small world of time: jobs with a priority and a state, a calendar, and whatever flow a test wants on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from formloom.outbox import Relay, Runner
from formloom.timers import Clock
from sqlalchemy import text

from flow_engine.definition import FlowDef
from flow_engine.service import handlers, timer_handlers
from flow_engine.service.clocks.show import ClockView, clocks_of
from form_engine.calendars.store import CalendarStore
from form_engine.records import late
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World
from tests.platform.backends import Inline

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE: Mapping[str, Any] = {
    "kind": "calendar",
    "key": "office",
    "title": {"en": "Office"},
    "holidays": "CN",
    "hours": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
STATES = [
    "new",
    "taken",
    "waiting",
    "working",
    "done",
    "approved",
    "rejected",
    "stopped",
    "withdrawn",
    "cancelled",
    "none",
]


def options(*keys: str) -> list[dict[str, str]]:
    """Of a choice."""
    return [{"key": key, "label": key} for key in keys]


def form(key: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A form of jobs; nobody's steps are in the way of who changes it."""
    return {
        "kind": "form",
        "key": key,
        "title": {"en": key},
        "display": ["name"],
        "fields": [
            {"key": "name", "type": "text", "label": "Name"},
            {"key": "priority", "type": "choice", "label": "Priority", "options": options("p1", "p2", "p3", "p4")},
            {"key": "state", "type": "choice", "label": "State", "options": options(*STATES)},
            {"key": "minutes", "type": "number", "label": "Minutes"},
            {"key": "count", "type": "number", "label": "Count"},
            {"key": "on", "type": "datetime", "label": "On"},
            *more,
        ],
        "access": [{"role": "agent", "may": ["create", "read", "update"]}],
    }


def minute(moment: datetime) -> datetime:
    """The nearest full minute: clocks of tests run on while a test does."""
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def at(text: str) -> datetime:
    """A moment on the wall of the office."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def ask(key: str, role: str = "finance", **more: Any) -> dict[str, Any]:
    """An approval."""
    return {"key": key, "type": "approve", "by": {"role": role}, **more}


@dataclass
class Jobs:
    """The world, with its clock and everything that works behind the steps."""

    world: World
    clock: Any

    def install(self, *steps: dict[str, Any], **more: Any) -> None:
        """The jobs' flow is this one from now on; others may come along by `also`."""
        also: dict[str, Any] = more.pop("also", {})
        flow = {
            "kind": "flow",
            "key": "job",
            "title": "Job",
            "form": "job",
            "trigger": {"on": "submit"},
            "holds": False,
        }
        with self.world.work() as session:
            body = {**flow, **more, "steps": list(steps)}
            self.world.flows.definitions.publish_together(session, {**also, "job": body}, SYSTEM)

    def new(self, **values: Any) -> int:
        """A job that has been submitted."""
        world = self.world
        with world.work() as session:
            return world.records.create(session, world.forms, "job", {"name": "J", **values}, world.actor("agent")).id

    def change(self, record: int, **values: Any) -> None:
        """Somebody changes it by hand; whoever listens has heard of it afterwards."""
        world = self.world
        with world.work() as session:
            world.records.update(session, world.forms, record, values, world.actor("agent"))
        self.settle()

    def travel(self, text: str) -> None:
        """Go to a moment on the wall of the office, to the second: what is due then, a minute later."""
        self.clock.travel(at(text))

    def settle(self) -> None:
        """Everything that stands in the outbox is done."""
        flows = self.world.flows
        works: dict[str, Any] = {**handlers(flows), late.KIND: late.Late(self.world.forms, flows.late_subscribers())}
        relay = Relay(self.world.databases, Inline(Runner(self.world.databases, works)))
        while relay.run_once():
            pass

    def tick(self) -> int:
        """Every timer that is due has fired, and what came of it is done."""
        fired = Clock(self.world.databases, timer_handlers(self.world.flows)).tick()
        self.settle()
        return fired

    def run(self, record: int, flow: str = "job") -> dict[str, Any]:
        """The latest run of the flow on a record, as a row."""
        statement = text("SELECT * FROM run WHERE record_id = :record AND flow = :flow ORDER BY id DESC LIMIT 1")
        with self.world.work() as session:
            return dict(session.execute(statement, {"record": record, "flow": flow}).mappings().one())

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """All runs of a flow, oldest first."""
        statement = text("SELECT * FROM run WHERE flow = :flow ORDER BY id")
        with self.world.work() as session:
            return [dict(row) for row in session.execute(statement, {"flow": flow}).mappings()]

    def at(self, record: int, flow: str = "job") -> list[str]:
        """Where the run waits: `step`, or `kind:step`."""
        open_ = self.run(record, flow)["state"]["open"]
        return [each["step"] if each["kind"] == "step" else f"{each['kind']}:{each['step']}" for each in open_]

    def clocks(self, record: int) -> dict[str, ClockView]:
        """The clocks of the record's run, by key."""
        run = self.run(record)
        with self.world.work() as session:
            flow: FlowDef = self.world.flows.definitions.version(session, run["flow"], run["flow_version"])
            return {view.key: view for view in clocks_of(session, {run["id"]: flow}).get(run["id"], ())}

    def timers(self, record: int) -> list[datetime]:
        """When the run's open timers fire."""
        statement = text("""
            SELECT due_at FROM timer WHERE key LIKE 'run:' || :run || ':%' AND done_at IS NULL AND cancelled_at IS NULL
            ORDER BY due_at""")
        with self.world.work() as session:
            return [minute(due) for due in session.scalars(statement, {"run": self.run(record)["id"]})]

    def due(self, record: int) -> datetime | None:
        """When the record's open tasks are due."""
        (found,) = {row["due_at"] and minute(row["due_at"]) for row in self.world.tasks(record)}
        return found

    def told(self, kind: str) -> list[str]:
        """Who has got a notification of this kind, by name."""
        statement = text("SELECT p.name FROM notification n JOIN person p ON p.id = n.person_id WHERE n.kind = :kind")
        with self.world.work() as session:
            return list(session.scalars(statement, {"kind": kind}))


def jobs_in(world: World, clock: Any) -> Jobs:
    """Forms and calendar are published; it is a Monday morning."""
    child = form("part", {"key": "job", "type": "link", "form": "job", "label": "Job"})
    parent = form("job", {"key": "other", "type": "link", "form": "job", "label": "Other"})
    with world.work() as session:
        session.execute(text("UPDATE workspace SET time_zone = 'Asia/Shanghai'"))
        world.forms.publish_together(session, {"job": parent, "part": child}, SYSTEM)
        CalendarStore().publish_together(session, {"office": dict(OFFICE)}, SYSTEM)
    jobs = Jobs(world, clock)
    jobs.travel("2026-03-02T09:00")
    return jobs
