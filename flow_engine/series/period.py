"""What a schedule consists of: periods with a due day, each made of lines. Ranges include both ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """Days of one kind at one rate. `locked`: set aside, not owed and not to be paid."""

    kind: str
    start: date
    end: date
    rate: Decimal
    amount: Decimal
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """`number` counts from 1. `amount` is the sum of the lines."""

    number: int
    start: date
    end: date
    due: date
    amount: Decimal
    lines: tuple[Line, ...]

    @property
    def locked(self) -> bool:
        """Nothing in it is owed for now."""
        return all(line.locked for line in self.lines)


def rounded(exact: Fraction | Decimal, unit: Decimal) -> Decimal:
    """To the nearest unit, half away from zero. Exact whatever the number of digits."""
    value = Fraction(exact) / Fraction(unit)
    whole, rest = divmod(abs(value), 1)
    steps = int(whole) + (1 if rest * 2 >= 1 else 0)
    return (Decimal(steps if value >= 0 else -steps) * unit).quantize(unit, ROUND_HALF_UP)


def parts(exact: Sequence[Fraction], counted: Sequence[bool], unit: Decimal) -> tuple[Decimal, ...]:
    """Each part rounded, the last that counts takes the remainder, so that they sum to the rounded whole."""
    whole = rounded(sum(exact, Fraction(0)), unit)
    last = max((at for at, counts in enumerate(counted) if counts), default=None)
    shares = [rounded(part, unit) for part in exact]
    if last is not None:
        shares[last] = whole - sum((share for at, share in enumerate(shares) if at != last), Decimal(0))
    return tuple(shares)


def split_evenly(amount: Decimal, count: int, unit: Decimal = Decimal("0.01")) -> tuple[Decimal, ...]:
    """An amount in so many equal parts; the last takes the remainder."""
    return parts([Fraction(amount) / count] * count, [True] * count, unit)
