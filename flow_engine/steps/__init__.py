"""The step types, one file each: definition beside behaviour. docs/recipes/add-a-step-type.md says how to add one."""

from flow_engine.steps import (
    approve,
    assign,
    branch,
    call,
    cc,
    create,
    delete,
    document,
    each,
    fill,
    inclusive,
    loop,
    notify,
    parallel,
    race,
    series,
    stop,
    update,
    wait,
    webhook,
)
from flow_engine.steps.base import Step, StepType

STEP_TYPES: tuple[StepType, ...] = (
    approve.TYPE,
    fill.TYPE,
    branch.TYPE,
    inclusive.TYPE,
    parallel.TYPE,
    race.TYPE,
    loop.TYPE,
    wait.TYPE,
    call.TYPE,
    update.TYPE,
    create.TYPE,
    delete.TYPE,
    each.TYPE,
    assign.TYPE,
    series.TYPE,
    notify.TYPE,
    webhook.TYPE,
    document.TYPE,
    cc.TYPE,
    stop.TYPE,
)

__all__ = ["STEP_TYPES", "Step", "StepType"]
