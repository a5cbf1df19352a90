"""Another engine runs our flows from their BPMN: SpiffWorkflow, with our formulas for its conditions."""

import io
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.util.task import TaskState

from flow_engine.bpmn import to_bpmn
from flow_engine.definition import FlowDef
from flow_engine.elements.duration import parse_duration

Truths = Callable[[str, Mapping[str, Any]], Any]


class Formulas(TaskDataEnvironment):  # type: ignore[misc]
    """Evaluates what the document says in our language."""

    def __init__(self, truths: Truths) -> None:
        super().__init__()
        self._truths = truths

    def evaluate(self, expression: str, context: Any, external_context: Any = None) -> Any:
        """A condition, or a duration, which Spiff wants as it stands."""
        return expression if parse_duration(expression) is not None else self._truths(expression, context)

    def call_service(self, context: Any, **_: Any) -> Any:
        """What services do is not our business here."""
        return None


class OtherEngine:
    """A run of a flow in SpiffWorkflow. `data` is the record."""

    def __init__(self, flow: FlowDef, truths: Truths, data: Mapping[str, Any]) -> None:
        parser = BpmnParser()
        tree = etree.parse(io.BytesIO(to_bpmn(flow, "en").encode()))
        parser.add_bpmn_xml(tree, filename=f"{flow.key}.bpmn")
        spec, inside = parser.get_spec(f"process_{flow.key}"), parser.get_subprocess_specs(f"process_{flow.key}")
        self._workflow = BpmnWorkflow(spec, inside, script_engine=PythonScriptEngine(environment=Formulas(truths)))
        self._workflow.task_tree.data.update(data)
        self._settle()

    def at(self) -> list[str]:
        """The steps whose people are asked, as our `Shell.at` names them, once for each row or person."""
        return sorted(_named(task.task_spec.bpmn_id) for task in self._asked())

    def know(self, key: str, value: Any) -> None:
        """The record has changed."""
        for task in self._workflow.get_tasks(state=TaskState.NOT_FINISHED_MASK):
            task.data[key] = value

    def decide(self, step: str, decision: str, to: str | None = None) -> None:
        """The first person asked there decides."""
        task = next(task for task in self._asked() if _named(task.task_spec.bpmn_id) == step)
        key = step.removesuffix("/resubmit")
        task.data[f"decision_{key}"] = decision
        if to is not None:
            task.data[f"to_{key}"] = to
        task.run()
        self._settle()

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return bool(self._workflow.completed)

    def _asked(self) -> list[Any]:
        return [task for task in self._workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]

    def _settle(self) -> None:
        self._workflow.do_engine_steps()


def _named(key: str) -> str:
    kind, _, step = key.partition("_")
    return step if kind == "step" else f"{step.rsplit('_', 1)[0]}/resubmit"
