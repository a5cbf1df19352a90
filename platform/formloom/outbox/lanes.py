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


def lanes_of(worker: int, workers: int) -> int:
    """How many lanes, from the first on, this one (from 0) of so many workers takes work from.

    The last takes from all of them, the first of several from one alone: so it is free when people want something.
    """
    return -(-len(LANES) * (worker + 1) // workers)
