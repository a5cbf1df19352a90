"""Approval steps a second beside other engines, on the same PostgreSQL with the same settings, in turns.

SpiffWorkflow runs the very flow, from our BPMN of it: a step reads and parses the stored state, completes the user
task, stores the state again, and writes a task row and a history row, in one transaction by psycopg. django-viewflow
runs the same two levels as its own flow class: a step completes a task, which stores process, tasks and tokens by
Django's ORM in one transaction. Neither writes records with history, rights, timers, audit or answers to repeat, which
ours does.
"""

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from formloom.db.engine import Databases
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from flow_engine.bpmn import to_bpmn
from flow_engine.definition import parse_flow
from tests.bench.approval_case import FLOW, approvals, served
from tests.bench.figure import Figure
from tests.bench.rates import interleaved

ROUNDS, CALLS, WARM_UP = 10, 10, 10
COUNT = WARM_UP + ROUNDS * CALLS


def figures() -> list[Figure]:
    """One step each: the first of two levels approves, the second is asked."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        approve = approvals(databases, 2 * COUNT)
        found = []
        for name, other, aim in (("SpiffWorkflow", _spiff, 1.25), ("django-viewflow", _viewflow, 3.5)):
            step = other(databases)
            for _ in range(WARM_UP):
                approve()
                step()
            ours, theirs = interleaved(approve, step, rounds=ROUNDS, calls=CALLS)
            found.append(Figure(f"approval steps a second, of {name}'s with rows", ours, theirs, aim, "higher"))
    return found


class _Decisions(TaskDataEnvironment):  # type: ignore[misc]
    """The conditions of our two levels: what was decided."""

    def evaluate(self, expression: str, context: Any, external_context: Any = None) -> Any:
        name, _, wanted = expression.partition(" = ")
        return context.get(name) == wanted.strip('"')


def _spiff(databases: Databases) -> Callable[[], object]:
    connection = databases.server.connect(None, autocommit=True)
    connection.execute(
        "CREATE TABLE spiff_run (id bigint PRIMARY KEY, state jsonb NOT NULL);"
        "CREATE TABLE spiff_task (id bigserial PRIMARY KEY, run_id bigint, step text, person_id bigint, status text);"
        "CREATE INDEX ON spiff_task (person_id, status);"
        "CREATE TABLE spiff_history (id bigserial PRIMARY KEY, run_id bigint, event jsonb, at timestamptz);"
        "CREATE INDEX ON spiff_history (run_id);"
    )
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(io.BytesIO(to_bpmn(parse_flow(FLOW), "en").encode())), filename="agreement.bpmn")
    key = f"process_{FLOW['key']}"
    engine = PythonScriptEngine(environment=_Decisions())
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
    begun = BpmnWorkflow(parser.get_spec(key), parser.get_subprocess_specs(key), script_engine=engine)
    begun.do_engine_steps()
    state = serializer.serialize_json(begun)
    connection.cursor().executemany(
        "INSERT INTO spiff_run VALUES (%s, %s::jsonb)", [(number, state) for number in range(COUNT)]
    )
    runs = iter(range(COUNT))

    def step() -> None:
        run = next(runs)
        with connection.transaction():
            row = connection.execute("SELECT state::text FROM spiff_run WHERE id = %s FOR UPDATE", (run,)).fetchone()
            assert row is not None
            workflow = serializer.deserialize_json(row[0])
            workflow.script_engine = engine
            task = next(each for each in workflow.get_tasks(state=TaskState.READY) if each.task_spec.manual)
            task.data["decision_check"] = "approve"
            task.run()
            workflow.do_engine_steps()
            connection.execute(
                "UPDATE spiff_run SET state = %s::jsonb WHERE id = %s", (serializer.serialize_json(workflow), run)
            )
            connection.execute(
                "INSERT INTO spiff_task (run_id, step, person_id, status) VALUES (%s, 'agree', 4, 'open')", (run,)
            )
            event = json.dumps({"step": "check", "decision": "approve", "by": 2})
            connection.execute(
                "INSERT INTO spiff_history (run_id, event, at) VALUES (%s, %s::jsonb, now())", (run, event)
            )

    return step


def _viewflow(databases: Databases) -> Callable[[], object]:
    """Django keeps its own tables in a database of its own on the same server."""
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("CREATE DATABASE viewflow")
        info = connection.info.get_parameters()
    from tests.bench.viewflow_app import prepared

    return prepared({**info, "dbname": "viewflow"}, COUNT)


if __name__ == "__main__":
    for figure in figures():
        print(figure.row())
