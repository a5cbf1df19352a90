"""A small service desk: jobs at places, workers who can do some of them, and a flow that finds the best."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.people import ensure_role

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM
from form_engine.records.service import Records
from tests.flow_engine.conftest import World

DATA: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "routing.json").read_text())
MAY = [{"role": role, "may": ["create", "read", "update"]} for role in ("agent", "worker", "dispatcher", "admin")]

SKILLS = [{"key": f"s{number}", "label": f"{number}"} for number in range(8)]
WORKER: dict[str, Any] = {
    "kind": "form",
    "key": "worker",
    "title": "Worker",
    "fields": [
        {"key": "code", "type": "text", "label": "Code"},
        {"key": "account", "type": "member", "label": "Account"},
        {"key": "place", "type": "location", "label": "Place"},
        {
            "key": "skills",
            "type": "choices",
            "label": "Skills",
            "options": SKILLS,
        },
        {"key": "load", "type": "number", "label": "Load", "decimals": 0},
        {"key": "most", "type": "number", "label": "Most", "decimals": 0},
        {"key": "rating", "type": "number", "label": "Rating", "decimals": 1},
        {"key": "on_duty", "type": "boolean", "label": "On duty"},
    ],
    "access": MAY,
}
JOB: dict[str, Any] = {
    "kind": "form",
    "key": "job",
    "title": "Job",
    "fields": [
        {"key": "what", "type": "text", "label": "What"},
        {"key": "place", "type": "location", "label": "Place"},
        {
            "key": "skill",
            "type": "choice",
            "label": "Skill",
            "options": SKILLS,
        },
        {"key": "team", "type": "members", "label": "Team"},
        {"key": "done", "type": "text", "label": "Done"},
    ],
    "access": MAY,
}
NEAREST: dict[str, Any] = {
    "from": {"form": "worker", "person": "account"},
    "where": "target.on_duty AND skill IN target.skills AND target.load < target.most"
    " AND DISTANCE(place, target.place) <= 50000",
    "order": [
        {"nearest": ["place", "target.place"], "round": "0.1"},
        {"least": "target.load", "label": "load"},
        {"most": "target.rating"},
    ],
}
OFFER: dict[str, Any] = {"for": "PT15M", "then": {"role": "dispatcher"}}


def dispatch(by: Any, **more: Any) -> dict[str, Any]:
    """The flow: one step of work."""
    work = {"key": "work", "type": "fill", "by": by, "fields": {"done": "write", "*": "read"}, **more}
    frame = {"kind": "flow", "key": "dispatch", "title": "Dispatch", "form": "job", "trigger": {"on": "submit"}}
    return {**frame, "steps": [work]}


class Desk(World):
    """Shorthands over the world of the tests."""

    def flow(self, definition: dict[str, Any]) -> None:
        """Publish the flow."""
        with self.work() as session:
            self.flows.definitions.publish_together(session, {definition["key"]: definition}, SYSTEM)

    def worker(
        self,
        name: str,
        lat: str,
        lon: str,
        skills: Sequence[int],
        load: int = 0,
        most: int = 5,
        rating: str = "4.0",
        on_duty: bool = True,
    ) -> int:
        """A worker's record; their account is the person of that name."""
        values = {
            "code": name,
            "account": self.people[name].id,
            "place": {"lat": lat, "lon": lon},
            "skills": [f"s{skill}" for skill in skills],
            "load": str(load),
            "most": str(most),
            "rating": rating,
            "on_duty": on_duty,
        }
        with self.work() as session:
            return self.records.create(session, self.forms, "worker", values, SYSTEM).id

    def job(self, lat: str = "31.2304", lon: str = "121.4737", skill: int = 0, by: str = "agent", **more: Any) -> int:
        """A submitted job: its flow has begun."""
        values = {"what": "x", "place": {"lat": lat, "lon": lon}, "skill": f"s{skill}", **more}
        with self.work() as session:
            return self.records.create(session, self.forms, "job", values, self.actor(by)).id

    def fire(self, record: int) -> None:
        """The time of what is asked just now is up."""
        task = self.tasks(record)[-1]
        with self.work() as session:
            self.flows.fire(session, {"run": task["run_id"], "visit": task["visit"], "action": 0})

    def asked(self, record: int) -> list[tuple[str, str]]:
        """Who has an open task, and of what kind."""
        names = {person.id: person.name for person in self.people.values()}
        return [(names[row["person_id"]], row["kind"]) for row in self.tasks(record) if row["kind"] != "cc"]


def desk(databases: Databases, workspace: int, make_person: Callable[..., Person], names: Sequence[str]) -> Desk:
    """The forms are published; a person's role is their name without its number."""
    forms = FormStore()
    flows = Flows(databases, forms)
    records = Records(subscribers=(flows.record_changed,))
    people = {name: make_person(name, name.rstrip("0123456789")) for name in names}
    if "agent1" in people:
        people["agent"] = people["agent1"]
    with unit_of_work(databases, workspace) as session:
        for role in ("worker", "dispatcher", "agent", "admin", "boss"):
            ensure_role(session, role, {"en": role})
        forms.publish_together(session, {"worker": WORKER, "job": JOB}, SYSTEM)
    return Desk(databases, workspace, forms, records, flows, people)
