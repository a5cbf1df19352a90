"""What a condition was computed from, for people who ask later why the run went that way."""

from typing import TYPE_CHECKING, Any

from form_engine.formula import ErrorValue, LinkRef, Name, PersonValue, RecordValue, Value, walk

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

MOST_NAMES = 12
LONGEST = 120


def seen(stage: "Stage", formula: str) -> dict[str, Any]:
    """The formula, and the values that the names in it had, as text; lists are left out."""
    env = stage.env()
    compiled = stage.flow.formulas.get((stage.scope, formula))
    names = [node for node in walk(compiled.node) if isinstance(node, Name)] if compiled is not None else []
    values: dict[str, str | None] = {}
    for name in names[:MOST_NAMES]:
        found = _read(env.own if name.root == "own" else env.row, name.path)
        if not isinstance(found, (tuple, RecordValue)):
            values[str(name)] = _told(found)
    return {"formula": formula, "values": values}


def _read(at: Value, path: tuple[str, ...]) -> Value:
    """A path from a record, over links; a tuple where it passes a list."""
    for place, key in enumerate(path):
        if not isinstance(at, RecordValue):
            return None
        fetch, at = at.fetch, at.values.get(key)
        if isinstance(at, LinkRef) and place + 1 < len(path):
            at = fetch(at.form, at.id)
    return at


def _told(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value[:LONGEST] if value else value
    if isinstance(value, ErrorValue):
        return value.code
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"#{value.id}" if isinstance(value, (PersonValue, LinkRef)) else str(value)[:LONGEST]
