"""Numbers that stand in an address."""


def whole_number(text: str) -> int | None:
    """The number that plain digits say, within a bigint; else None, like a filter that was never set."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
