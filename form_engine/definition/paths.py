"""Where a formula's paths lead: from the form it stands in, through links and tables, to fields of this form and
others.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from form_engine.definition.model import FieldDef, FormDef
from form_engine.formula import Path, Reads, Type


class Place(NamedTuple):
    """A field by form and path: `Place("order", "lines.amount")`."""

    form: str
    path: str

    def __str__(self) -> str:
        return f"{self.form}.{self.path}"


def places(world: Mapping[str, FormDef], source: str, path: Path) -> Iterator[Place]:
    """Every field that is read on the way along `path`, beginning at a form or a table (`order.lines`)."""
    form, _, table = source.partition(".")
    for key in path:
        definition = world.get(form)
        here = f"{table}.{key}" if table else key
        field = definition.find(here) if definition is not None else None
        if field is None:
            return
        yield Place(form, here)
        form, table = _next(form, field)
        if not form:
            return


def _next(form: str, field: FieldDef) -> tuple[str, str]:
    """Where a path goes on behind a field: the table's rows, or the linked form; nowhere from anything else."""
    if field.fields:
        return form, field.key
    kind: Type = field.type.formula_type(field.config)
    return (kind.form or "", "") if kind.kind == "record" else ("", "")


def read_places(
    world: Mapping[str, FormDef], reads: Reads, own: str, row: str | None, target: str | None
) -> Iterator[Place]:
    """Every field that a formula reads, whatever it reads it through."""
    for source, found in ((own, reads.own), (row, reads.row), (target, reads.target)):
        if source is not None:
            for path in found:
                yield from places(world, source, path)
