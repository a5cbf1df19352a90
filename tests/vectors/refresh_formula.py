"""Writes what is derived from the vectors: the shipped tree of every formula, and every function's signature.

Run `python -m tests.vectors.refresh_formula` after a change to the vectors or to the registry; tests on both sides fail
until you do.
"""

from __future__ import annotations

import json
from typing import Any

from form_engine.formula import check, parse, to_json
from form_engine.formula.functions import FUNCTIONS
from tests.form_engine.formula.vectors import SIGNATURES, TREES, World, cases


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
