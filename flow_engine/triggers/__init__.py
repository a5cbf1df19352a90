"""The trigger types, one file each."""

from flow_engine.triggers import button, called, changes, date, schedule, submit, webhook
from flow_engine.triggers.base import Trigger, TriggerType
from flow_engine.triggers.button import Button
from flow_engine.triggers.called import Called
from flow_engine.triggers.changes import Change, Created, Deleted, Updated
from flow_engine.triggers.date import OnDate
from flow_engine.triggers.schedule import Scheduled
from flow_engine.triggers.submit import Submit
from flow_engine.triggers.webhook import Webhook

TRIGGER_TYPES: tuple[TriggerType, ...] = (
    submit.TYPE,
    button.TYPE,
    changes.CREATED,
    changes.UPDATED,
    changes.DELETED,
    date.TYPE,
    schedule.TYPE,
    webhook.TYPE,
    called.TYPE,
)

__all__ = [
    "TRIGGER_TYPES",
    "Button",
    "Called",
    "Change",
    "Created",
    "Deleted",
    "OnDate",
    "Scheduled",
    "Submit",
    "Trigger",
    "TriggerType",
    "Updated",
    "Webhook",
]
