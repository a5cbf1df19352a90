"""Other flows that are run, and steps that clocks look at."""

from typing import TYPE_CHECKING, Any

from flow_engine.clocks.definition import AtStep
from flow_engine.machine import RunState
from flow_engine.machine.effects import CallFlow, Reached

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CALL = "flow.call"
"""The kind of the outbox item that starts called runs."""


def call_flow(stage: "Stage", effect: CallFlow, state: RunState) -> None:
    """They are started behind the step, so that it stays as short as any."""
    records = effect.records if effect.records is not None else (stage.record.id,)
    stage.script.post(CALL, {"flow": effect.flow, "visit": effect.visit, "records": list(records)})


def reached(stage: "Stage", effect: Reached, state: RunState) -> None:
    """The clocks hear of it when the step has been played."""
    stage.reached.append(AtStep(effect.step, effect.at))


PLAYS: dict[type, Any] = {CallFlow: call_flow, Reached: reached}
