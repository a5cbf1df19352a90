"""How many records a question finds: exactly up to a limit, beyond that by a sample."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select, tablesample, text
from sqlalchemy.orm import Session

from form_engine.models import record_index

EXACT: Final = 100_000
SAMPLE: Final = 40_000
_ROWS: Final = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'record_index'::regclass")


@dataclass(frozen=True, slots=True)
class Count:
    """`number` of records; `more`: it was not counted further, and there are more."""

    number: int
    more: bool = False


def count_up_to(session: Session, found: Select[Any], most: int) -> Count:
    """Count, but no further than `most`."""
    number = session.scalar(select(func.count()).select_from(found.limit(most + 1).subquery())) or 0
    return Count(min(number, most), number > most)


def sampled_index(session: Session) -> tuple[Any, float]:
    """The index of all records cut down to some `SAMPLE` rows of evenly drawn blocks, and which share of it that is.

    The same blocks each time, so that the number does not tremble from one look to the next.
    """
    rows = session.scalar(_ROWS) or 0
    share = min(1.0, SAMPLE / rows) if rows else 1.0
    return tablesample(record_index, func.system(100 * share), name="slots", seed=text("1")), share
