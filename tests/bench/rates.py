"""Rates of two things measured in turns, so that a noisy machine disturbs both alike."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def interleaved(
    ours: Callable[[], object],
    baseline: Callable[[], object],
    *,
    rounds: int = 15,
    calls: int = 20,
    clock: Callable[[], float] = perf_counter,
) -> tuple[float, float]:
    """Median calls per second of each, over `rounds` turns of `calls` calls.

    What only computes may be timed by `process_time`: then whoever else uses the processor is not counted.
    """
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for one, into in zip((ours, baseline), rates, strict=True):
            began = clock()
            for _ in range(calls):
                one()
            into.append(calls / (clock() - began))
    return median(rates[0]), median(rates[1])
