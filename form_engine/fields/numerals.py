"""Chinese numerals in text: `一千二百`, `壹仟贰佰元伍角`, `二〇二五`."""

from decimal import Decimal
from typing import Final

_DIGITS: Final = {
    digit: value
    for value, digits in enumerate(("〇零", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for digit in digits
}
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_LONGEST: Final = 40


def read_numeral(text: str) -> Decimal | None:
    """The number that is spelt out, with `元…角…分` too; None where it is none."""
    if not text or len(text) > _LONGEST:
        return None
    bare = text.removesuffix("整").removesuffix("正")
    whole, unit, rest = bare.partition("元" if "元" in bare else "圆")
    number = _whole(whole) if whole else None
    if number is None:
        return None
    cents = 0
    if unit and rest:
        for mark, worth in (("角", 10), ("分", 1)):
            digit, found, after = rest.partition(mark)
            if found:
                if digit.lstrip("零") not in _DIGITS:
                    return None
                cents, rest = cents + _DIGITS[digit.lstrip("零")] * worth, after
        if rest:
            return None
    return Decimal(number) + Decimal(cents) / 100


def read_digits(text: str) -> int | None:
    """Digits spelt one by one, as years are: `二〇二五`."""
    if not text or any(each not in _DIGITS for each in text):
        return None
    return int("".join(str(_DIGITS[each]) for each in text))


def _whole(text: str) -> int | None:
    total = group = digit = 0
    for each in text:
        if each in _DIGITS:
            digit = _DIGITS[each]
        elif each in _TENS:
            group, digit = group + (digit or 1) * _TENS[each], 0
        elif each == "万":
            total, group, digit = total + (group + digit) * 10_000, 0, 0
        elif each == "亿":
            total, group, digit = (total + group + digit) * 10**8, 0, 0
        else:
            return None
    return total + group + digit
