"""What a link must point to: a record of its form that is there, and that the link's filter lets through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from formloom.errors import InvalidInput, Issue

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import LinkConfig
from form_engine.fields.base import Json
from form_engine.formula import Env, RecordValue
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.pointing import pointing_fields


@dataclass(frozen=True, slots=True)
class NamedLink:
    """A link in a document: where it stands, and in which row."""

    pointer: str
    field: CompiledField
    to_id: int
    row_id: str | None = None

    @property
    def form(self) -> str:
        config = self.field.definition.config
        assert isinstance(config, LinkConfig)  # noqa: S101 - links_in yields no others
        return config.form


def links_in(form: CompiledForm, data: Mapping[str, Json]) -> Iterator[NamedLink]:
    """Every link of a document with its pointer."""
    for field in pointing_fields(form):
        stored = data.get(field.key)
        if isinstance(field.definition.config, LinkConfig) and type(stored) is int:
            yield NamedLink(f"/{field.key}", field, stored)
        if isinstance(stored, list):
            for at, row in enumerate(stored):
                for column in field.columns:
                    target = row.get(column.key) if isinstance(row, dict) else None
                    if isinstance(column.definition.config, LinkConfig) and type(target) is int:
                        row_id = str(row.get("id")) if isinstance(row, dict) else None
                        yield NamedLink(f"/{field.key}/{at}/{column.key}", column, target, row_id)


def new_links(form: CompiledForm, data: Mapping[str, Json], before: Mapping[str, Json]) -> tuple[NamedLink, ...]:
    """The links that were not there before; an old one stays legal when its target has changed since."""
    old = {(link.field.path, link.row_id, link.to_id) for link in links_in(form, before)}
    return tuple(link for link in links_in(form, data) if (link.field.path, link.row_id, link.to_id) not in old)


def check_links(
    form: CompiledForm, data: Mapping[str, Json], before: Mapping[str, Json], facts: Facts, record: Fact
) -> None:
    """Raises InvalidInput for new links that lead nowhere, or to what their filter does not let through."""
    issues: list[Issue] = []
    own: RecordValue | None = None
    for link in new_links(form, data, before):
        target = facts.fetch(link.form, link.to_id)
        if target is None:
            issues.append(Issue(link.pointer, "unknown_record", {"form": link.form}))
            continue
        narrowed = link.field.formulas.get("filter")
        if narrowed is None:
            continue
        if own is None:
            own = record_value(facts, Fact(record.id, form.key, form.version, 0, 0, data, created_by=record.created_by))
        env = Env(own=own, row=_row(own, link), target=target, context=facts.context)
        if narrowed.run(env) is not True:
            issues.append(Issue(link.pointer, "filtered_out", {"form": link.form}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _row(own: RecordValue, link: NamedLink) -> RecordValue | None:
    rows = own.values.get(link.field.path.partition(".")[0]) if link.row_id is not None else None
    found = (
        (row for row in rows if isinstance(row, RecordValue) and row.id == link.row_id)
        if isinstance(rows, tuple)
        else ()
    )
    return next(iter(found), None)
