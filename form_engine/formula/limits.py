"""The bounds of a formula (design: closed and bounded). What passes them is refused or becomes an error value."""

MAX_CHARACTERS = 10_000
MAX_DEPTH = 64
MAX_NODES = 5_000
MAX_DIGITS = 28
MAX_EXPONENT = 100
MAX_TEXT = 100_000
MAX_ITEMS = 10_000
