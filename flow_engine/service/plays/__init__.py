"""How the effects of the machine are played into a script: one file a family, one function an effect.

To add one: a frozen dataclass in `machine/effects.py`, a function here, a line in its file's `PLAYS`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flow_engine.machine import Effect, RunState
from flow_engine.service.plays import asking, calling, papers, posting, records, telling, timing, writing

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

Play = Callable[["Stage", Any, RunState], None]

PLAYS: Mapping[type[Effect], Play] = {
    **asking.PLAYS,
    **writing.PLAYS,
    **timing.PLAYS,
    **telling.PLAYS,
    **calling.PLAYS,
    **posting.PLAYS,
    **papers.PLAYS,
    **records.PLAYS,
}
