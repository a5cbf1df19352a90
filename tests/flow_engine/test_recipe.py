"""docs/recipes/add-a-step-type.md is true: its code, taken from the page, works as a step type."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from flow_engine.definition import parse_flow
from flow_engine.machine.effects import EndRun, Tell
from flow_engine.steps import STEP_TYPES
from tests.flow_engine.flows import Shell

PAGE = Path(__file__).parents[2] / "docs" / "recipes" / "add-a-step-type.md"


def test_the_recipe(monkeypatch: Any) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    module = ModuleType("flow_engine.steps.pause_note")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, str(PAGE), "exec"), module.__dict__)  # noqa: S102 - our own page
    step = {"key": "note", "type": "pause_note", "text": {"en": "half way"}}
    frame = {"kind": "flow", "key": "probe", "title": "Probe", "form": "thing", "trigger": {"on": "submit"}}
    flow = parse_flow({**frame, "steps": [step]}, types=(*STEP_TYPES, module.__dict__["TYPE"]))
    run = Shell(flow).start()
    assert [type(effect) for effect in run.effects] == [Tell, EndRun]


def test_every_type_is_one_file_and_registered() -> None:
    folder = Path(__file__).parents[2] / "flow_engine" / "steps"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "acting", "base", "cases", "people"}
    assert files == {each.name for each in STEP_TYPES}
