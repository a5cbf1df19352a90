"""What a month costs, and from when: a first rate and its steps."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from flow_engine.series.months import add_months
from flow_engine.series.period import rounded


@dataclass(frozen=True, slots=True)
class Rise:
    """Every so many months: by a fraction (5 % is 0.05) of the rounded rate before, or by an amount."""

    every_months: int
    fraction: Decimal | None = None
    amount: Decimal = Decimal(0)


Steps: TypeAlias = Rise | tuple[tuple[date, Decimal], ...] | None
"""A rule, or the rates themselves with their first days."""


def rates(first: date, last: date, rate: Decimal, steps: Steps, unit: Decimal) -> tuple[tuple[date, Decimal], ...]:
    """(from, rate), the earliest first, up to `last`."""
    if isinstance(steps, Rise):
        found = [(first, rate)]
        number = 1
        while (begin := add_months(first, number * steps.every_months)) <= last:
            before = found[-1][1]
            raised = Fraction(before) * (1 + Fraction(steps.fraction)) if steps.fraction is not None else before
            found.append((begin, rounded(raised, unit) + (steps.amount if steps.fraction is None else 0)))
            number += 1
        return tuple(found)
    return ((first, rate), *sorted(step for step in steps or () if step[0] <= last))
