"""Both evaluators, on formulas that nobody thought of: the same value to the last digit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from form_engine import formula
from form_engine.formula import TypeScope, check, parse, parse_type, to_json
from tests.form_engine.formula.random_formulas import RandomFormulas
from tests.form_engine.formula.vectors import World, read, tagged

ROOT = Path(__file__).parents[3]
NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")


def without_currency(scope: TypeScope) -> TypeScope:
    """Money of any currency may meet in a random formula."""
    own = {key: parse_type("number") if kind.kind == "number" else kind for key, kind in scope.own.items()}
    return replace(scope, own=own)


@pytest.mark.parametrize("count", [3_000, pytest.param(60_000, marks=pytest.mark.soak)])
def test_python_and_the_browser_agree(count: int, tmp_path: Path) -> None:
    assert NODE is not None, "Node comes with the development requirements: make sets it up"
    world = World()
    env = replace(world.env, context=replace(world.env.context, calendar=None))
    scope, formulas = without_currency(world.scope), RandomFormulas(count)
    texts = [formulas.any(formulas.random.randint(1, 4)) for _ in range(count)]
    checked = [check(parse(text), scope) for text in texts]
    sent = {"world": read("formula.json")["world"], "trees": [to_json(one.node) for one in checked]}
    (tmp_path / "sent.json").write_text(json.dumps(sent), "utf-8")
    command = [NODE, str(Path(__file__).with_name("agreement.mjs")), str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    ours = [tagged(formula.compile(one)(env)) for one in checked]
    differing = [row for row in zip(texts, ours, json.loads(answer.stdout), strict=True) if row[1] != row[2]]
    assert differing[:10] == []
