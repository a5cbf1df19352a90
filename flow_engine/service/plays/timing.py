"""When the machine is to be woken."""

from typing import TYPE_CHECKING, Any

from flow_engine.machine import RunState
from flow_engine.machine.effects import SetAlarm, SetTimer

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def set_timer(stage: "Stage", effect: SetTimer, state: RunState) -> None:
    """After a while."""
    due = (stage.now + effect.after).isoformat()
    stage.script.timers.append({"visit": effect.visit, "action": effect.action, "due": due})


def set_alarm(stage: "Stage", effect: SetAlarm, state: RunState) -> None:
    """At a moment."""
    stage.script.timers.append({"visit": effect.visit, "action": 0, "due": effect.at.isoformat()})


PLAYS: dict[type, Any] = {SetTimer: set_timer, SetAlarm: set_alarm}
