"""How alike two names are, for headers, for people and firms written in two ways."""

import unicodedata
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """Letters and digits only, half-width, without case."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def likeness(first: str, second: str) -> Decimal:
    """0 to 1: the share of characters that both have (Dice), whatever their order. Blank is like nothing."""
    one, other = plain(first), plain(second)
    if not one or not other:
        return Decimal(0)
    if one == other:
        return Decimal(1)
    shared = sum((Counter(one) & Counter(other)).values())
    return Decimal(2 * shared) / Decimal(len(one) + len(other))


def name_likeness(first: str, second: str) -> float:
    """For headers: equal, one within the other, or sharing pairs of characters, which keeps their order."""
    one, other = plain(first), plain(second)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    shorter, longer = sorted((one, other), key=len)
    inside = 0.6 + 0.35 * len(shorter) / len(longer) if shorter in longer and len(shorter) > 1 else 0.0
    return max(inside, _pairs(one, other))


def _pairs(one: str, other: str) -> float:
    first, second = (Counter(pairwise(text)) for text in (one, other))
    total = sum(first.values()) + sum(second.values())
    return 2 * sum((first & second).values()) / total if total else 0.0
