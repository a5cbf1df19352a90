"""When the machine is to be woken."""

from typing import TYPE_CHECKING, Any

from formloom.errors import Conflict

from flow_engine.machine import RunState
from flow_engine.machine.effects import SetAlarm, SetTimer
from flow_engine.service.moments import wake_at

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("no_length",)


def set_timer(stage: "Stage", effect: SetTimer, state: RunState) -> None:
    """After a while; where a formula gives no length, never. Conflict where the visit would then wait for ever."""
    due = wake_at(stage, effect.after)
    visit = state.visit(effect.visit)
    if due is None and visit is not None and not visit.seats:
        raise Conflict("no_length", {"step": visit.step})
    if due is not None:
        stage.script.timers.append({"visit": effect.visit, "action": effect.action, "due": due.isoformat()})


def set_alarm(stage: "Stage", effect: SetAlarm, state: RunState) -> None:
    """At a moment."""
    stage.script.timers.append({"visit": effect.visit, "action": 0, "due": effect.at.isoformat()})


PLAYS: dict[type, Any] = {SetTimer: set_timer, SetAlarm: set_alarm}
