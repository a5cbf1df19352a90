"""Writes what is derived from the vectors: the shipped tree of every formula, and every function's signature.

Run it after a change to the vectors or to the registry; tests on both sides fail until you do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "form_engine" / "formula"))

from vectors import SIGNATURES, TREES, World, cases  # noqa: E402

from form_engine.formula import check, parse, to_json  # noqa: E402
from form_engine.formula.functions import FUNCTIONS  # noqa: E402


def trees() -> dict[str, Any]:
    """Formula → shipped tree, in the order of the vectors."""
    scope = World().scope
    return {case.formula: to_json(check(parse(case.formula), scope).node) for case in cases()}


def signatures() -> dict[str, str]:
    return {name: FUNCTIONS[name].signature for name in sorted(FUNCTIONS)}


def lines(content: dict[str, Any]) -> str:
    """JSON with a line for each member, so that a change shows as one."""
    body = (f"  {_json(key)}: {_json(value)}" for key, value in content.items())
    return "{\n" + ",\n".join(body) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    TREES.write_text(lines(trees()), "utf-8")
    SIGNATURES.write_text(lines(signatures()), "utf-8")
