"""Other flows that are run, and steps that clocks look at."""

from typing import TYPE_CHECKING, Any, Final

from flow_engine.clocks.definition import AtStep
from flow_engine.clocks.state import Stepped
from flow_engine.machine import RunState
from flow_engine.machine.effects import CallFlow, Reached

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CALL: Final = "flow.call"
RETURN: Final = "flow.return"
UNCALL: Final = "flow.uncall"
"""The kinds of the outbox items that begin called runs, tell of their end, and end them when nobody waits any more."""


def call_flow(stage: "Stage", effect: CallFlow, state: RunState) -> None:
    """They are started behind the step, so that it stays as short as any."""
    records = effect.records if effect.records is not None else (stage.record.id,)
    stage.script.post(CALL, {"flow": effect.flow, "step": effect.step, "visit": effect.visit, "records": list(records)})


def reached(stage: "Stage", effect: Reached, state: RunState) -> None:
    """The clocks hear of it when the step has been played."""
    stage.happened.append(Stepped(AtStep(effect.step, effect.at)))


PLAYS: dict[type, Any] = {CallFlow: call_flow, Reached: reached}
