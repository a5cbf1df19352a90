"""Ranges that may not overlap: what a record holds of them, as the database keeps it. Pure.

The exclusion constraint of `record_span` keeps them apart (docs/decisions/056).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from formloom.errors import Issue

from form_engine.definition import CompiledField, CompiledForm, CompiledNoOverlap, NoOverlap
from form_engine.fields.base import Json
from form_engine.formula import Context, Env, RecordValue
from form_engine.records.write import Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def spans_of(form: CompiledForm, data: Mapping[str, Json], value: RecordValue, context: Context) -> tuple[Span, ...]:
    """The ranges that this record keeps from others. A blank among the keys, or no end at all, keeps nothing."""
    found = (_span(form, rule, data, value, context) for rule in form.no_overlap)
    return tuple(span for span in found if span is not None)


def _span(
    form: CompiledForm, rule: CompiledNoOverlap, data: Mapping[str, Json], value: RecordValue, context: Context
) -> Span | None:
    said = rule.definition
    key = [data.get(name) for name in said.key]
    if any(each is None for each in key):
        return None
    start, end = _start(form, said, data), _edge(form, said.end, data)
    if (start is None and end is None) or (start is not None and end is not None and _empty(start, end, rule)):
        return None
    if rule.when is not None and rule.when.run(Env(own=value, context=context)) is not True:
        return None
    return Span(said.name, orjson.dumps(key).decode(), start, end, rule.included)


def backwards(form: CompiledForm, data: Mapping[str, Json]) -> tuple[Issue, ...]:
    """An issue for each range whose end stands before its start."""
    found = []
    for rule in form.no_overlap:
        start, end = _start(form, rule.definition, data), _edge(form, rule.definition.end, data)
        if start is not None and end is not None and end < start:
            params = {"from": rule.definition.start, "to": rule.definition.end}
            found.append(Issue(f"/{rule.definition.end}", "range_backwards", params))
    return tuple(found)


def _empty(start: Decimal, end: Decimal, rule: CompiledNoOverlap) -> bool:
    return end < start or (end == start and not rule.included)


def _start(form: CompiledForm, said: NoOverlap, data: Mapping[str, Json]) -> Decimal | None:
    since = _edge(form, said.since, data) if said.since is not None else None
    return since if since is not None else _edge(form, said.start, data)


def _edge(form: CompiledForm, key: str, data: Mapping[str, Json]) -> Decimal | None:
    """Days or seconds since 1970, or the number itself."""
    field = form.field(key)
    stored = data.get(key)
    return None if field is None or stored is None else _measured(field, stored)


def _measured(field: CompiledField, stored: Any) -> Decimal:
    slot = field.slot_value(stored)
    if isinstance(slot, datetime):
        return Decimal(int((slot - _EPOCH).total_seconds()))
    if isinstance(slot, date):
        return Decimal((slot - _EPOCH.date()).days)
    return Decimal(str(stored))
