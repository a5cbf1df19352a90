"""What a condition compares with, read strictly: a value of the field's kind, a span of days, "me"."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from form_engine.fields import Refused
from form_engine.fields.date import read_date
from form_engine.fields.datetime import read_datetime
from form_engine.fields.decimals import canonical_decimal
from form_engine.formula import Context
from form_engine.query.errors import refuse
from form_engine.query.relative import Span, days, instants, of_days
from form_engine.records.derive import holdable

MAX_TEXT: Final = 1_000
_EXACT_DECIMALS: Final = 10
_CODES: Final = {
    "number": "not_a_decimal",
    "text": "not_text",
    "logical": "not_a_boolean",
    "date": "not_a_date",
    "datetime": "not_a_datetime",
    "record": "not_a_record",
    "person": "not_a_person",
}


@dataclass(frozen=True, slots=True)
class Nobody:
    """`me`, asked by somebody who is no person of the workspace: nothing equals it."""


NOBODY: Final = Nobody()


def read_operand(kind: str, raw: object, at: str, context: Context) -> Any:
    """A value of this kind; a `Span` where days are named, or a moment meets a day. Raises InvalidInput."""
    if kind in ("date", "datetime") and isinstance(raw, dict):
        return _relative(kind, raw, at, context)
    if kind == "person" and raw == "me":
        return context.me.id if context.me is not None and isinstance(context.me.id, int) else NOBODY
    if kind == "datetime" and isinstance(raw, str) and (day := read_date(raw)) is not None:
        return of_days(Span(day, day + timedelta(days=1) if day < date.max else None), context.zone)
    return read_value(kind, raw, at)


def _relative(kind: str, raw: dict[str, Any], at: str, context: Context) -> Span:
    name, count = raw.get("relative"), raw.get("n")
    known = isinstance(name, str) and raw.keys() <= {"relative", "n"} and (count is None or type(count) is int)
    span = days(str(name), count, context.today) if known else None
    if span is None:
        raise refuse(at, "unknown_relative_date")
    return span if kind == "date" else instants(str(name), span, context.now, context.zone)


def read_value(kind: str, raw: object, at: str) -> Any:
    """What a condition is compared with, strictly of the field's kind. Raises InvalidInput."""
    match kind:
        case "number":
            text = canonical_decimal(raw, _EXACT_DECIMALS)
            if not isinstance(text, Refused):
                return Decimal(text)
        case "text":
            if isinstance(raw, str) and len(raw) <= MAX_TEXT and holdable(raw):
                return raw
        case "logical":
            if isinstance(raw, bool):
                return raw
        case "date":
            found: date | None = read_date(raw) if isinstance(raw, str) else None
            if found is not None:
                return found
        case "datetime":
            moment: datetime | None = read_datetime(raw) if isinstance(raw, str) else None
            if moment is not None:
                return moment
        case "record" | "person":
            if type(raw) is int and 0 < raw < 2**63:
                return raw
    raise refuse(at, _CODES.get(kind, "filter_malformed"))
