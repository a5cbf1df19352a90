"""How often Python looks for garbage that holds itself."""

import gc
from typing import Final

YOUNG: Final = 50_000
"""Objects made before the youngest are looked at. A chunk of an import makes thirty thousand that all live on for a
moment; Python's own 700 would have it look at them forty times, which is a third of the work.
"""


def collect_seldom() -> None:
    """For a process that serves for long: what it has loaded so far is never looked at again.

    Most garbage goes at once, by its count of references; this is about the rest.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
