"""The trigger types, one file each."""

from flow_engine.triggers import button, submit
from flow_engine.triggers.base import Trigger, TriggerType
from flow_engine.triggers.button import Button
from flow_engine.triggers.submit import Submit

TRIGGER_TYPES: tuple[TriggerType, ...] = (submit.TYPE, button.TYPE)

__all__ = ["TRIGGER_TYPES", "Button", "Submit", "Trigger", "TriggerType"]
