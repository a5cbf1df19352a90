"""Flows at work: what starts, moves and shows runs. README.md says how a decision is stored."""

from formloom.outbox import Handler
from formloom.outbox.runner import GivenUp
from formloom.timers import Handler as TimerHandler

from flow_engine.service.decide import Answer
from flow_engine.service.errors import CODES
from flow_engine.service.flows import ButtonView, Flows
from flow_engine.service.inbox import TABS, InboxItem, InboxPage
from flow_engine.service.replay import Replay
from flow_engine.service.task_view import Moment, RunView, TaskView
from form_engine.records import late


def handlers(flows: Flows) -> dict[str, Handler]:
    """For the outbox, by kind."""
    return {**flows.letters(), **flows.calls.handlers(), **flows.seating.handlers()}


def given_up(flows: Flows) -> dict[str, GivenUp]:
    """For the outbox, by kind: what follows when it gives up."""
    return {kind: flows.lost(kind) for kind in (*handlers(flows), late.KIND)}


def timer_handlers(flows: Flows) -> dict[str, TimerHandler]:
    """For the clock, by kind."""
    return {
        "flow.due": flows.fire,
        "flow.clock": flows.fire_clock,
        **flows.seating.timer_handlers(),
        **flows.triggering.timer_handlers(),
    }


__all__ = [
    "CODES",
    "TABS",
    "Answer",
    "ButtonView",
    "Flows",
    "InboxItem",
    "InboxPage",
    "Moment",
    "Replay",
    "RunView",
    "TaskView",
    "given_up",
    "handlers",
    "timer_handlers",
]
