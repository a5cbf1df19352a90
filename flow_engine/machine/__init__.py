"""The heart: a pure function from a flow, a run's state and an event to the next state and its effects.

Start with README.md.
"""

from flow_engine.machine.advance import advance
from flow_engine.machine.effects import Ask, AskMoment, AskPeople, AskRecords, AskRows, AskTruth, Effect
from flow_engine.machine.events import (
    Answered,
    ClockReached,
    Decided,
    Event,
    Failed,
    Operated,
    Reseated,
    Resumed,
    Started,
    TakenBack,
    TimerFired,
    Withdrawn,
    event_from_json,
    event_to_json,
)
from flow_engine.machine.program import Program
from flow_engine.machine.state import RunState, Visit
from flow_engine.machine.walk import MACHINE_VERSION, Transition

__all__ = [
    "MACHINE_VERSION",
    "Answered",
    "Ask",
    "AskMoment",
    "AskPeople",
    "AskRecords",
    "AskRows",
    "AskTruth",
    "ClockReached",
    "Decided",
    "Effect",
    "Event",
    "Failed",
    "Operated",
    "Program",
    "Reseated",
    "Resumed",
    "RunState",
    "Started",
    "TakenBack",
    "TimerFired",
    "Transition",
    "Visit",
    "Withdrawn",
    "advance",
    "event_from_json",
    "event_to_json",
]
