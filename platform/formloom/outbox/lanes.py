"""In what order work is done: four lanes, each with room of its own; a flood in one delays no other (ADR 095)."""

from typing import Final

PEOPLE: Final = 0
"""Somebody looks at the screen: a document, a way back into an account, a call between flows."""

SOON: Final = 1
"""A moment later: what follows from one write, and the jobs that people watch."""

NOTICE: Final = 2
"""Telling people what happened to runs: a clock may tell hundreds at once."""

BULK: Final = 3
"""What follows from many writes at once."""

LANES: Final = (PEOPLE, SOON, NOTICE, BULK)


def lanes_of(worker: int, workers: int) -> tuple[int, ...]:
    """The lanes from which this one (from 0) of so many workers takes work, in its order.

    The first of several takes from one alone: so it is free when people want something. The last takes from all of
    them, the last lane first: so none waits for ever behind the others.
    """
    mine = LANES[: -(-len(LANES) * (worker + 1) // workers)]
    return mine[::-1] if 0 < worker == workers - 1 else mine
