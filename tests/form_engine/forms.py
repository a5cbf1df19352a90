"""Forms for tests: the documented example, and a short way to write one."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from form_engine.definition import CompiledForm, FormDef, compile_form, parse_form

FOLDER = Path(__file__).parents[1] / "data" / "forms"


def example(key: str) -> dict[str, Any]:
    """An example form as JSON, fresh for every caller to spoil."""
    read: dict[str, Any] = json.loads((FOLDER / f"{key}.json").read_text("utf-8"))
    return read


@cache
def world() -> dict[str, FormDef]:
    return {key: parse_form(example(key)) for key in ("supplier", "purchase")}


@cache
def purchase() -> CompiledForm:
    return compile_form(world()["purchase"], world(), version=1)


def form(*fields: dict[str, Any], key: str = "thing", **parts: Any) -> dict[str, Any]:
    """A form with these fields; `label` and `title` are not what tests are about."""
    return {"kind": "form", "key": key, "title": key, "fields": list(fields), **parts}


def compiled(*fields: dict[str, Any], others: tuple[dict[str, Any], ...] = (), **parts: Any) -> CompiledForm:
    known = {raw["key"]: parse_form(raw) for raw in others}
    return compile_form(parse_form(form(*fields, **parts)), known)
