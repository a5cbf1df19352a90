"""The bounds of a formula (design: closed and bounded). What passes them is refused or becomes an error value."""

MAX_CHARACTERS = 10_000
MAX_DEPTH = 64
MAX_NODES = 2_500
"""Whoever wrote more wants a table; with more, a formula would not be answered within 100 ms (ADR 010)."""
MAX_DIGITS = 28
MAX_EXPONENT = 100
MAX_TEXT = 100_000
MAX_ITEMS = 10_000
