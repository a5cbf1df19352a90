"""What a step of a run costs after a thousand rounds of a loop, against the fifth of a fresh one."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.people import create_person, ensure_role
from formloom.workspaces import create_workspace
from sqlalchemy import text

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.bench.approval_case import FORM, served
from tests.bench.figure import Figure
from tests.bench.query_case import timed

FLOW: dict[str, Any] = {
    "kind": "flow",
    "key": "rounds",
    "title": {"en": "Rounds"},
    "form": "request",
    "trigger": {"on": "submit"},
    "steps": [
        {
            "key": "again",
            "type": "loop",
            "until": "amount < 0",
            "steps": [{"key": "look", "type": "approve", "by": {"role": "checker"}}],
        }
    ],
}
EARLY, LATE, ROUNDS = 5, 960, 33


def figures() -> list[Figure]:
    """One decision each, in turns."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        approve = _rounds(databases, 1 + ROUNDS)
        for _ in range(LATE):
            approve(0)
        for run in range(1, 1 + ROUNDS):
            for _ in range(EARLY - 1):
                approve(run)
        fresh = iter(range(1, 1 + ROUNDS))
        late, early = timed([lambda: approve(0), lambda: approve(next(fresh))], rounds=ROUNDS - 2)
    return [Figure("step 1,000 of a looping run, ms (of step 5)", late, early, 1.1, "lower")]


def _rounds(databases: Databases, count: int) -> Callable[[int], object]:
    """A call that approves the open task of the n-th of so many runs."""
    workspace = create_workspace(databases, "loops", "Loops")
    forms = FormStore()
    flows = Flows(databases, forms)
    records = Records(subscribers=(flows.record_changed,))
    with unit_of_work(databases, workspace) as session:
        for role in ("clerk", "checker", "admin"):
            ensure_role(session, role, {"en": role})
        clerk = create_person(session, "clerk@example.test", "Clerk", roles=["clerk"])
        checker = create_person(session, "checker@example.test", "Checker", roles=["checker"])
        forms.publish_together(session, {"request": FORM}, SYSTEM)
        flows.definitions.publish_together(session, {"rounds": FLOW}, SYSTEM)
    who, asked = (Actor.person(each.id, frozenset({role})) for each, role in ((clerk, "clerk"), (checker, "checker")))
    with unit_of_work(databases, workspace) as session:
        made = [
            records.create(session, forms, "request", {"subject": f"Request {n}", "amount": "120.00"}, who).id
            for n in range(count)
        ]
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("ANALYZE")
    statement = text("SELECT id FROM task WHERE record_id = :record AND status = 'open'")

    def approve(run: int) -> object:
        """Looking for the task is no part of the step; it costs the same in the fifth round and the thousandth."""
        with unit_of_work(databases, workspace) as session:
            task = session.scalars(statement, {"record": made[run]}).one()
        return flows.decide(workspace, task, asked, "approve")

    return approve


if __name__ == "__main__":
    for figure in figures():
        print(figure.row())
