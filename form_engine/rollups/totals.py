"""What a rollup shows, from the figures that the database keeps ready: sum, count, average, least and greatest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from form_engine.fields import RollupConfig
from form_engine.formula import Value
from form_engine.formula.numbers import divide


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of one rollup of one record."""

    sum: Decimal = Decimal(0)
    count: int = 0
    least: Decimal | None = None
    greatest: Decimal | None = None

    @classmethod
    def read(cls, figures: Sequence[str | int]) -> "Totals":
        """From `[sum, count, min, max]` as `record_facts` gives them."""
        total, count, least, greatest = figures
        return cls(Decimal(total), int(count), Decimal(least), Decimal(greatest))


NONE = Totals()


def rollup_value(config: RollupConfig, totals: Totals) -> Value:
    """Sum and count of nothing are 0; average, least and greatest of nothing are blank."""
    match config.fn:
        case "sum":
            return totals.sum
        case "count":
            return Decimal(totals.count)
        case "average":
            return divide(totals.sum, Decimal(totals.count)) if totals.count else None
        case "min":
            return totals.least
        case _:
            return totals.greatest


def read_totals(raw: Mapping[str, Sequence[str | int]]) -> dict[str, Totals]:
    return {rollup: Totals.read(figures) for rollup, figures in raw.items()}
