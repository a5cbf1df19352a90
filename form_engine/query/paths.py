"""Field paths in questions: what they name, and whether the reader may speak of it."""

from collections.abc import Callable
from typing import Final

from form_engine.definition import CompiledField
from form_engine.fields import TableConfig
from form_engine.query.columns import SYSTEM_COLUMNS, FormColumns
from form_engine.query.errors import refuse

Readable = Callable[[str, str], bool]
"""Whether the reader may ask about (form, field path); a field they may not read is as good as unknown."""

MAX_STEPS: Final = 6


def find(columns: FormColumns, path: tuple[str, ...], at: str, readable: Readable) -> tuple[CompiledField | None, ...]:
    """The field at each step of a path (`order`, `customer`, `name`; `lines.item` is one step).

    The last is None where the path ends in a name that every record has. Raises InvalidInput `unknown_field` alike for
    what does not exist and for what is hidden.
    """
    form = columns.form
    steps: list[CompiledField | None] = []
    keys = list(path)
    while keys and len(path) <= MAX_STEPS:
        key = keys.pop(0)
        if not keys and key in SYSTEM_COLUMNS:
            return (*steps, None)
        field = form.field(key)
        if field is None or not readable(form.key, field.path):
            break
        if isinstance(field.definition.config, TableConfig):
            field = form.field(f"{key}.{keys.pop(0)}") if keys else None
            if field is None or not readable(form.key, field.path):
                break
        steps.append(field)
        if not keys:
            return tuple(steps)
        target = columns.forms.get(field.points_to or "")
        if target is None:
            break
        form = target
    raise refuse(at, "unknown_field", field=".".join(path)[:200])
