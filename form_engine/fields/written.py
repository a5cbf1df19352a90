"""Figures as people read them: thousands separators, currency signs, minus in front."""

from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel.numbers import get_currency_symbol

_BABEL: Final = {"zh-CN": "zh_Hans_CN"}
SAFE_DIGITS: Final = 15
"""What a spreadsheet's binary numbers hold exactly."""


def grouped(number: str | Decimal, scale: int | None = None) -> str:
    """`-1,234.50`. Without a scale: the decimals that are there, no zeros at their end."""
    figure = Decimal(number)
    if scale is not None:
        return f"{figure:,.{scale}f}"
    text = f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=256)
def currency_sign(currency: str, locale: str) -> str:
    """`¥` for the yuan, whatever the language; a currency without a sign is its code and a space."""
    if currency == "CNY":
        return "¥"
    sign = str(get_currency_symbol(currency, _BABEL.get(locale, locale.replace("-", "_"))))
    return f"{sign} " if sign == currency else sign


def amount(number: str | Decimal, currency: str, scale: int, locale: str) -> str:
    """`¥1,280.00`; a negative one keeps its sign in front."""
    figure = Decimal(number)
    told = grouped(abs(figure), scale)
    return f"{'-' if figure < 0 else ''}{currency_sign(currency, locale)}{told}"


def cell_number(number: str | Decimal) -> Decimal | str:
    """For a spreadsheet's cell: the number, or its digits as text where the cell would change them."""
    figure = Decimal(number)
    return figure if len(figure.as_tuple().digits) <= SAFE_DIGITS else f"{figure:f}"


def number_format(scale: int | None, *, percent: bool = False) -> str:
    """The spreadsheet's format: `#,##0.00`, `0.00%`."""
    if scale is None:
        return "0.########%" if percent else "#,##0.##########"
    decimals = "." + "0" * scale if scale > 0 else ""
    return f"0{decimals}%" if percent else f"#,##0{decimals}"
