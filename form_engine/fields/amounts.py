"""Amounts as they stand in people's sheets: `￥1,200.00`, `1200元/月`, `0.02万`, `(350)`, `2640(含运费1320)`."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Final

from form_engine.fields.answers import Coerced, CoerceHints, Coercer, Note, Refused, refuse
from form_engine.fields.coercion import as_text, exact, folded, is_blank
from form_engine.fields.numerals import read_numeral

MONTHS: Final = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}
_PERIODS: Final = {
    "月": "month", "mo": "month", "month": "month", "双月": "two_months", "季": "quarter", "季度": "quarter",
    "quarter": "quarter", "半年": "half_year", "年": "year", "yr": "year", "year": "year",
}  # fmt: skip
_PERIOD: Final = re.compile(r"\s*(?:/|每|per\s|\bp\.?)\s*(半年|双月|季度|季|月|年|month|mo|quarter|year|yr)$")
_SCALES: Final = {"百": 100, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000, "百万": 10**6, "亿": 10**8}
_SCALE: Final = re.compile(r"(?<=[0-9.])\s*(百万|百|千|万|亿|k|w)$")
_SIGNS: Final = {"¥": "CNY", "元": "CNY", "圆": "CNY", "块": "CNY", "块钱": "CNY", "人民币": "CNY", "rmb": "CNY",
                 "元整": "CNY", "圆整": "CNY", "$": "USD", "美元": "USD", "us$": "USD", "hk$": "HKD", "港币": "HKD",
                 "港元": "HKD", "€": "EUR", "欧元": "EUR", "£": "GBP", "英镑": "GBP", "日元": "JPY"}  # fmt: skip
_SIGN: Final = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_BEFORE: Final = re.compile(rf"^([-+(]?)\s*({_SIGN}|[a-z]{{3}}(?=[\s0-9.(-]))\s*")
_AFTER: Final = re.compile(rf"(?<=[0-9.)百千万亿kw])\s*({_SIGN}|\b[a-z]{{3}}|(?<=[0-9])[a-z]{{3}})$")
_PART: Final = re.compile(
    r"^(.*[0-9元])\s*[(\[]\s*(?:内含|包含|其中|含)\s*([\u4e00-\u9fffa-z]{1,8}?)[:： ]*([-¥$0-9.,]+)\s*元?\s*[)\]]$"
)
_LABEL: Final = re.compile(r"^([\u4e00-\u9fff]{1,8})[:： ]*(?=[-+¥$]?\s*[0-9.])")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[, '][0-9]{3})+(?:\.[0-9]*)?")
_USUAL: Final = re.compile(r"([¥￥]?) ?(0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.([0-9]{1,6}))?")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")


@dataclass(slots=True)
class Amount:
    """A reading under way: what is left of the text, and what was taken off it."""

    text: str
    notes: list[Note]
    currency: str | None = None
    period: str | None = None
    factor: Decimal = Decimal(1)


def amount_coercer(
    scale: int,
    hints: CoerceHints,
    *,
    currency: str | None = None,
    units: tuple[str, ...] = (),
    percent: bool = False,
) -> Coercer:
    """A coercer to a decimal of this scale, as text. More decimals are rounded half away from zero, with a note.

    `currency`: another one's sign is refused. `units`: what may stand behind the figure without a word. `percent`:
    a figure past 1 without a sign is a count of hundredths, with a note.
    """
    # A figure that needs no reading: digits, perhaps grouped, perhaps with the sign of the yuan.
    usual = not percent and not any(unit[-1:].isdigit() for unit in units)
    endings = tuple("0" * (scale - at) for at in range(scale + 1))
    known = tuple(sorted((folded(unit).casefold() for unit in units if unit), key=len, reverse=True))

    def coerce(raw: object) -> Coerced | Refused:
        if usual and type(raw) is str and (figure := _USUAL.fullmatch(raw)):
            sign, whole, fraction = figure.groups("")
            if len(fraction) <= scale and not (sign and currency not in (None, "CNY")):
                point = "." if scale else ""
                return Coerced(f"{whole.replace(',', '')}{point}{fraction}{endings[len(fraction)]}")
        if is_blank(raw):
            return Coerced(None)
        if isinstance(raw, bool):
            return refuse("not_a_decimal")
        if isinstance(raw, int | float | Decimal):
            number = exact(raw) if not isinstance(raw, int) or abs(raw) < 10**40 else None
            return refuse("too_large", digits=18 - scale) if number is None else told(number, [], signed=False)
        text = as_text(raw)
        if text is None or not isinstance(raw, str) or len(raw) > 100:
            return refuse("not_a_decimal")
        return read(folded(text).casefold())

    def read(text: str) -> Coerced | Refused:
        found = Amount(text, [])
        part = _take_part(found)
        _take_label(found)
        signed = _take_units(found, known)
        if isinstance(part, Refused) or found.text == "":
            return refuse("not_a_decimal")
        if currency and found.currency and found.currency != currency:
            return refuse("other_currency", currency=currency)
        number = _figure(found.text)
        if number is None:
            return refuse("not_a_decimal")
        number = number * found.factor - (part or 0)
        return told(number, found.notes, signed=signed, period=found.period)

    def told(number: Decimal, notes: list[Note], *, signed: bool, period: str | None = None) -> Coerced | Refused:
        if percent and not signed and abs(number) > 1:
            number, notes = number / 100, [*notes, Note("format_guessed", {"format": "%"})]
        if period is not None and hints.per in MONTHS and period != hints.per:
            with localcontext() as context:
                context.prec = 28
                number = number * MONTHS[hints.per] / MONTHS[period]
            notes = [*notes, Note("converted_period", {"from": period, "to": hints.per})]
        elif period is not None and hints.per is None:
            notes = [*notes, Note("unit_removed", {"unit": period})]
        try:
            rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        except InvalidOperation:
            return refuse("too_large", digits=18 - scale)
        if rounded != number:
            notes = [*notes, Note("rounded", {"decimals": scale - 2 if percent else scale})]
        return Coerced(f"{rounded:f}", tuple(notes))

    return coerce


def _take_part(found: Amount) -> Decimal | Refused | None:
    """`2640(含运费1320)`: the named part, which the whole then goes without."""
    part = _PART.match(found.text)
    if part is None:
        return None
    number = _figure(part[3].lstrip("¥$"))
    if number is None:
        return refuse("not_a_decimal")
    found.text = part[1].strip()
    found.notes.append(Note("part_split", {"label": part[2], "amount": f"{number:f}"}))
    return number


def _take_label(found: Amount) -> None:
    label = _LABEL.match(found.text)
    if label is not None and label[1] not in _SIGNS and label[1] not in ("百分之", "千分之", "负"):
        found.text = found.text[label.end() :]
        found.notes.append(Note("label_removed", {"label": label[1]}))


def _take_units(found: Amount, known: tuple[str, ...]) -> bool:
    """Period, currency, scale and unit off the text; whether a percent sign was among them."""
    signed = False
    for words, factor in (("百分之", "0.01"), ("千分之", "0.001")):
        if found.text.startswith(words):
            found.text, found.factor, signed = found.text.removeprefix(words), Decimal(factor), True
    for sign, factor in (("%", "0.01"), ("‰", "0.001")):
        if found.text.endswith(sign):
            found.text, found.factor, signed = found.text.removesuffix(sign).strip(), Decimal(factor), True
    if period := _PERIOD.search(found.text):
        found.text, found.period = found.text[: period.start()], _PERIODS[period[1]]
    unit = next((each for each in known if found.text.endswith(each) and found.text != each), None)
    if unit is not None:
        found.text = found.text.removesuffix(unit).strip()
    if before := _BEFORE.match(found.text):
        found.text, found.currency = before[1] + found.text[before.end() :], _SIGNS.get(before[2], before[2].upper())
    if after := _AFTER.search(found.text):
        found.text, found.currency = found.text[: after.start()], _SIGNS.get(after[1], after[1].upper())
    if scale := _SCALE.search(found.text):
        found.text, found.factor = found.text[: scale.start()], found.factor * _SCALES[scale[1]]
        found.notes.append(Note("unit_scaled", {"unit": scale[1]}))
    return signed


def _figure(text: str) -> Decimal | None:
    """`1,200.00`, `-5`, `(350)`, `350-`, `一千二百`; None for what is no figure."""
    bare, negative = text.strip(), False
    if bare.startswith("(") and bare.endswith(")"):
        bare, negative = bare[1:-1].strip(), True
    elif bare[:1] in ("-", "+", "负"):
        bare, negative = bare[1:].strip(), bare[0] != "+"
    elif bare.endswith("-"):
        bare, negative = bare[:-1].strip(), True
    if _GROUPED.fullmatch(bare):
        bare = re.sub("[, ']", "", bare)
    if _PLAIN.fullmatch(bare) and len(bare) <= 40:
        number = Decimal(bare)
    else:
        spoken = read_numeral(bare)
        if spoken is None:
            return None
        number = spoken
    return -number if negative else number


__all__ = ["MONTHS", "Amount", "amount_coercer"]
