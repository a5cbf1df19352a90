"""Text that a spreadsheet would take for a formula.

Whoever opens an export may be tricked by what somebody else typed into a record: `=HYPERLINK(…)`, `@SUM(…)`, `+1|cmd`.
A number is not text, so a negative amount stays the number it is.
"""

from typing import Final

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
QUOTE: Final = "'"


def begins_formula(text: str) -> bool:
    """Whether a program that reads this text may run it. Also where blanks or full-width signs stand before it."""
    bare = text.lstrip(" \u00a0\u3000")
    return bare.startswith(DANGEROUS)


def quoted(text: str) -> str:
    """For delimited text: an apostrophe makes it words."""
    return QUOTE + text if begins_formula(text) else text
