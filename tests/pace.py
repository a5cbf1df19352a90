"""How fast the machine is now: limits in seconds are stated for one pace, and hold for others in proportion."""

from time import process_time
from typing import Final

_TURNS: Final = 300_000
_SECONDS: Final = 0.0100
"""What the turns take on the machine for which the limits of the tests were stated, when it has nothing else to do."""


def seconds(limit: float) -> float:
    """The limit, in seconds of the processor, as it is for the machine of this moment; never less than stated."""
    return limit * max(1.0, min(_turns() for _ in range(3)) / _SECONDS)


def _turns() -> float:
    begun = process_time()
    total = 0
    for turn in range(_TURNS):
        total += turn & 7
    return process_time() - begun
