"""A question for figures as it was sent, read into typed objects. Pure; `aggregate` makes it SQL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from form_engine.query.errors import refuse

MAX_GROUPS: Final = 3
MAX_MEASURES: Final = 10
MAX_HAVING: Final = 10
MAX_ROWS: Final = 1_000
BUCKETS: Final = ("day", "week", "month", "quarter", "year")
FIGURES: Final = ("count", "count_distinct", "sum", "average", "min", "max")
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS: Final = frozenset({"group", "measures", "filter", "q", "having", "sort", "limit"})


@dataclass(frozen=True, slots=True)
class GroupBy:
    """By a field, or the beginning of the day, week (Monday), month, quarter, year that a date falls into."""

    name: str
    path: tuple[str, ...]
    bucket: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure; a count without a field counts records, with one it counts those where it is not blank."""

    name: str
    fn: str
    path: tuple[str, ...] | None
    at: str


@dataclass(frozen=True, slots=True)
class Having:
    """Only groups of which this figure compares so."""

    measure: str
    op: str
    value: Any
    at: str


@dataclass(frozen=True, slots=True)
class AggregateQuestion:
    groups: tuple[GroupBy, ...]
    measures: tuple[Measure, ...]
    filter: Any
    q: str
    having: tuple[Having, ...]
    sort: tuple[str, ...]
    limit: int


def read_question(raw: Mapping[str, Any]) -> AggregateQuestion:
    """Raises InvalidInput that points to what is wrong."""
    _keys(raw, _KEYS, "")
    groups = tuple(_group(each, f"/group/{at}") for at, each in enumerate(_list(raw, "group", MAX_GROUPS)))
    measures = tuple(
        _measure(each, f"/measures/{at}")
        for at, each in enumerate(_list(raw, "measures", MAX_MEASURES) or [{"fn": "count"}])
    )
    names: set[str] = set()
    for name, at in [*((each.name, each.at) for each in groups), *((each.name, each.at) for each in measures)]:
        if name in names:
            raise refuse(at, "duplicate_key", key=name)
        names.add(name)
    figures = {each.name for each in measures}
    having = tuple(_having(each, figures, f"/having/{at}") for at, each in enumerate(_list(raw, "having", MAX_HAVING)))
    sort = _list(raw, "sort", MAX_GROUPS + MAX_MEASURES)
    for place, asked in enumerate(sort):
        if not isinstance(asked, str) or asked.removeprefix("-") not in names:
            raise refuse(f"/sort/{place}", "unknown_field", field=str(asked)[:200])
    q, limit = raw.get("q", ""), raw.get("limit", 100)
    if not isinstance(q, str):
        raise refuse("/q", "not_text")
    if type(limit) is not int or not 1 <= limit <= MAX_ROWS:
        raise refuse("/limit", "bad_limit", limit=MAX_ROWS)
    return AggregateQuestion(groups, measures, raw.get("filter"), q, having, tuple(sort), limit)


def _group(raw: Any, at: str) -> GroupBy:
    if isinstance(raw, str):
        raw = {"field": raw}
    _keys(raw, frozenset({"field", "bucket", "as"}), at)
    path = _path(raw, at)
    bucket = raw.get("bucket")
    if bucket is not None and bucket not in BUCKETS:
        raise refuse(f"{at}/bucket", "unknown_bucket", bucket=str(bucket)[:40])
    return GroupBy(_name(raw, raw["field"] if bucket is None else f"{raw['field']}:{bucket}", at), path, bucket, at)


def _measure(raw: Any, at: str) -> Measure:
    if isinstance(raw, str):
        raw = {"fn": raw}
    _keys(raw, frozenset({"fn", "field", "as"}), at)
    fn = raw.get("fn")
    if fn not in FIGURES:
        raise refuse(f"{at}/fn", "unknown_operator", op=str(fn)[:40])
    if "field" not in raw:
        if fn != "count":
            raise refuse(f"{at}/field", "required")
        return Measure(_name(raw, fn, at), fn, None, at)
    return Measure(_name(raw, f"{fn}:{raw['field']}", at), fn, _path(raw, at), at)


def _having(raw: Any, figures: set[str], at: str) -> Having:
    _keys(raw, frozenset({"measure", "op", "value"}), at)
    measure, op = raw.get("measure"), raw.get("op", "eq")
    if not isinstance(measure, str) or measure not in figures:
        raise refuse(f"{at}/measure", "unknown_field", field=str(measure)[:200])
    if op not in COMPARISONS:
        raise refuse(f"{at}/op", "unknown_operator", op=str(op)[:40])
    return Having(measure, op, raw.get("value"), at)


def _list(raw: Mapping[str, Any], key: str, most: int) -> Sequence[Any]:
    found = raw.get(key) or []
    if not isinstance(found, list | tuple):
        raise refuse(f"/{key}", "not_a_list")
    if len(found) > most:
        raise refuse(f"/{key}", "filter_too_long", limit=most)
    return found


def _keys(raw: Any, known: frozenset[str], at: str) -> None:
    if not isinstance(raw, Mapping):
        raise refuse(at, "filter_malformed")
    for key in raw:
        if key not in known:
            raise refuse(at, "unknown_key", key=str(key)[:200])


def _path(raw: Mapping[str, Any], at: str) -> tuple[str, ...]:
    field = raw.get("field")
    if not isinstance(field, str):
        raise refuse(f"{at}/field", "filter_malformed")
    return tuple(field.split("."))


def _name(raw: Mapping[str, Any], default: str, at: str) -> str:
    name = raw.get("as")
    if name is None:
        return default
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refuse(f"{at}/as", "bad_name")
    return name
