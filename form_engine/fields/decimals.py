"""Decimals at the door: what number, money and percent share.

The rule (ADR 013). Accepted: a JSON integer, or ASCII text `-?digits[.digits]`. Refused: JSON fractions (binary
floats), exponents, signs of plus, underscores, spaces, digits of other scripts, NaN. Stored: text with exactly the
scale's decimals, no leading zeros, no negative zero. At most 18 digits in all, so that the scaled integer fits the
slot's bigint. Digits past the scale are refused unless they are zeros: rounding money silently is not ours to do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, ClassVar, Final, TypeVar

from form_engine.fields.amounts import amount_coercer
from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    ORDER,
    Cleaner,
    CoerceHints,
    Coercer,
    ConfigError,
    ExportCell,
    FieldType,
    Glossary,
    Refused,
    Slot,
    Suspects,
    refuse,
)
from form_engine.fields.schema import Schema
from form_engine.fields.written import cell_number, grouped, number_format
from form_engine.formula import Type, Value
from form_engine.formula.types import NUMBER

DIGITS: Final = 18
_LONGEST: Final = 40
_SHAPE: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_NO_DECIMAL: Final = refuse("not_a_decimal")


@dataclass(frozen=True, slots=True)
class DecimalConfig:
    """`scale` is the number of decimals; `low` and `high` are inclusive bounds, times ten to the scale."""

    scale: int
    low: int | None = None
    high: int | None = None
    loose: bool = field(default=False, kw_only=True)
    """Shown with the decimals that it has: a computed figure has no scale."""

    @property
    def decimals(self) -> int:
        """How many decimals people see: those that are stored, but for percent."""
        return self.scale


D = TypeVar("D", bound=DecimalConfig)


def decimal_cleaner(scale: int, low: int | None, high: int | None) -> Cleaner:
    """The closure. Text that is canonical already passes with one match and is handed back as it is."""
    digits = rf"(?:0|[1-9][0-9]{{0,{DIGITS - scale - 1}}})"
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    # Canonical, or so but for decimals that are missing at the end: nearly all that comes in.
    usual = re.compile(rf"(?:{digits}|-(?!0(?:\.0*)?\Z){digits}){fraction}").fullmatch
    zeros = f".{'0' * scale}"
    bounded = low is not None or high is not None
    least = low if low is not None else -(10**DIGITS)
    most = high if high is not None else 10**DIGITS
    too_low, too_high = refuse("below_min", min=unscaled(least, scale)), refuse("above_max", max=unscaled(most, scale))

    def clean(raw: object) -> str | Refused:
        if type(raw) is not str or not usual(raw):
            told = canonical_decimal(raw, scale)
            if isinstance(told, Refused):
                return told
            raw = told
        elif scale:
            at = raw.find(".")
            if at < 0:
                raw += zeros
            elif len(raw) - at <= scale:
                raw += zeros[len(raw) - at :]
        if bounded:
            scaled = int(raw.replace(".", ""))
            if scaled < least:
                return too_low
            if scaled > most:
                return too_high
        return raw

    return clean


def decimal_suspects(scale: int, low: int | None, high: int | None) -> Suspects:
    """What in a column is no canonical decimal within the bounds."""
    whole = DIGITS - scale
    fraction = rf"\.[0-9]{{{scale}}}" if scale else ""
    no_zero = rf"(?!0(?:\.0{{{scale}}})?\n)"
    # As many as fit, in one match: a match for each takes twice as long.
    fitting = re.compile(rf"(?:(?:-{no_zero})?(?:0|[1-9][0-9]{{0,{whole - 1}}}){fraction}\n)*+").match
    bounded = low is not None or high is not None
    least = low if low is not None else -(10**DIGITS)
    most = high if high is not None else 10**DIGITS

    def suspects(values: list[Any]) -> Sequence[int]:
        try:
            joined = "\n".join(values) + "\n"
        except TypeError:  # something is no text
            return range(len(values))
        end = fitting(joined).end()  # type: ignore[union-attr]  # nothing at all fits, too
        if end < len(joined):
            # Where the first does not fit, probably none does: then looking on would be for nothing.
            return range(len(values)) if bounded or end == 0 else unfit(joined, end, len(values))
        if joined.count("\n") != len(values):
            return range(len(values))
        if not bounded:
            return ()
        scaled = [int(value.replace(".", "")) for value in values]
        return () if least <= min(scaled) and max(scaled) <= most else range(len(values))

    def unfit(joined: str, end: int, count: int) -> Sequence[int]:
        """The lines that do not fit, of which the first begins at `end`."""
        if joined.count("\n") != count:  # a value is of several lines
            return range(count)
        found, at, start = [], 0, 0
        while end < len(joined):
            at += joined.count("\n", start, end)
            found.append(at)
            start = joined.index("\n", end) + 1
            at += 1
            end = fitting(joined, start).end()  # type: ignore[union-attr]
        return found

    return suspects


def canonical_decimal(raw: object, scale: int) -> str | Refused:
    """The one spelling of a decimal at this scale, or why it has none."""
    if type(raw) is int:
        if not -(10**DIGITS) < raw < 10**DIGITS:  # before str(), which refuses 5,000 digits by raising
            return refuse("too_large", digits=DIGITS - scale)
        raw = str(raw)
    if type(raw) is not str:
        return _NO_DECIMAL
    if len(raw) > _LONGEST:
        return refuse("too_large", digits=DIGITS - scale)
    shape = _SHAPE.fullmatch(raw)
    if shape is None:
        return _NO_DECIMAL
    sign, whole, fraction = shape[1], shape[2].lstrip("0") or "0", shape[3] or ""
    if len(fraction) > scale:
        if fraction[scale:].strip("0"):
            return refuse("too_many_decimals", decimals=scale)
        fraction = fraction[:scale]
    if len(whole) > DIGITS - scale:
        return refuse("too_large", digits=DIGITS - scale)
    text = f"{whole}.{fraction.ljust(scale, '0')}" if scale else whole
    return sign + text if sign and text.strip("0.") else text


def scaled_bound(raw: object, scale: int, pointer: str) -> int | None:
    """A `min` or `max` of a definition, times ten to the scale."""
    if raw is None:
        return None
    text = canonical_decimal(raw, scale)
    if isinstance(text, Refused):
        raise ConfigError(pointer, text.issues[0].code, **text.issues[0].params)
    return int(text.replace(".", ""))


def check_bounds(low: int | None, high: int | None) -> None:
    if low is not None and high is not None and low > high:
        raise ConfigError("/max", "bounds_crossed")


def unscaled(scaled: int, scale: int) -> str:
    """The canonical text of a scaled integer."""
    digits = str(abs(scaled)).rjust(scale + 1, "0")
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return f"-{text}" if scaled < 0 else text


def rounded(value: Decimal, scale: int) -> str:
    """A calculated decimal as raw text at this scale, half away from zero.

    Out of reach: a text that the cleaner refuses.
    """
    try:
        return f"{value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP):f}"
    except InvalidOperation:
        return "9" * _LONGEST


class DecimalType(FieldType[D]):
    """The part that number, money and percent have in common."""

    slot: ClassVar[Slot | None] = "decimal"
    operators = ORDER
    look = "number"

    def cleaner(self, config: D) -> Cleaner:
        return decimal_cleaner(config.scale, config.low, config.high)

    def suspects(self, config: D) -> Suspects:
        return decimal_suspects(config.scale, config.low, config.high)

    def formula_type(self, config: D) -> Type:
        return NUMBER

    def to_value(self, stored: Any, config: D) -> Value:
        return Decimal(stored)

    def to_json(self, value: Any, config: D) -> object:
        return rounded(value, config.scale) if isinstance(value, Decimal) else value

    def to_slot(self, stored: Any, config: D) -> int:
        return int(stored.replace(".", ""))

    def print_text(self, stored: Any, config: D, locale: str, names: Glossary = NO_NAMES) -> str:
        return grouped(stored, None if config.loose else config.scale)

    def export_cell(self, stored: Any, config: D, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(cell_number(stored), number_format(None if config.loose else config.scale))

    def value_schema(self, config: D) -> Schema:
        whole = f"[0-9]{{1,{DIGITS - config.scale}}}"
        return {
            "type": "string",
            "pattern": rf"^-?{whole}\.[0-9]{{{config.scale}}}$" if config.scale else f"^-?{whole}$",
        }

    def coercer(self, config: D, hints: CoerceHints = NO_HINTS) -> Coercer:
        return amount_coercer(config.scale, hints)

    def client_config(self, config: D, locale: str) -> dict[str, Any]:
        bounds = {"min": config.low, "max": config.high}
        told = {key: unscaled(bound, config.scale) for key, bound in bounds.items() if bound is not None}
        return {"decimals": config.decimals, **told}
