"""Numbers written as text, and amounts written in Chinese capitals."""

from __future__ import annotations

import re
from decimal import Decimal

from .numbers import EXACT, HALF_AWAY, DecimalException, is_bounded, round_to
from .values import NUM, Value

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+|(?=\.[0-9]))(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?%?")
_LONGEST = 200


def read_number(text: str) -> Decimal | None:
    """A number as a person types it (`1,234.50`, `-3`, `5%`, `1e3`; ASCII digits), or None when it is none."""
    text = text.strip(" ")
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text.rstrip("%").replace(",", ""))
    if not is_bounded(number):
        return None
    try:
        return EXACT.divide(number, Decimal(100)) if text.endswith("%") else number
    except DecimalException:
        return None


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")


def capital_amount(amount: Decimal) -> Value:
    """An amount of yuan in capitals, by the banks' rule for filling in bills (正确填写票据和结算凭证的基本规定).

    整 closes a whole number of yuan, and nothing follows 角 or 分; 零 stands for any run of zeros inside, and before
    分 when there is no 角; a 角 follows 元 directly. Rounded to fen, below 10^16 yuan.
    """
    cents = int(round_to(amount, 2, HALF_AWAY).scaleb(2))
    sign, cents = ("负" if cents < 0 else ""), abs(cents)
    yuan, cents = divmod(cents, 100)
    if yuan >= 10**16:
        return NUM
    if not yuan and not cents:
        return "零元整"
    tenths, hundredths = divmod(cents, 10)
    text = f"{_whole(yuan)}元" if yuan else ""
    if not cents:
        return f"{sign}{text}整"
    if tenths:
        text += f"{_DIGITS[tenths]}角"
    elif yuan:
        text += "零"
    return sign + text + (f"{_DIGITS[hundredths]}分" if hundredths else "")


def _whole(number: int) -> str:
    """Below 10^16: so many 亿, so many 万, the rest; a group that does not reach its highest place begins with 零."""
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _whole(high) + unit + gap + (_whole(low) if low else "")
    return _group(number)


def _group(number: int) -> str:
    text, gap = "", False
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit == "0":
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[int(digit)] + place
        gap = False
    return text
