"""Clocks and timers: a change of the record that no step made, and a threshold that is reached."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import text
from sqlalchemy.orm import Session

from flow_engine.clocks.definition import ALWAYS
from flow_engine.clocks.reading import noted
from flow_engine.machine import ClockReached
from flow_engine.models import Run
from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.keep import FUNCTION, kept_on
from flow_engine.service.clocks.rows import Kept, kept
from flow_engine.service.moments import working_time
from flow_engine.service.stage import Stage
from form_engine.records.actor import SYSTEM

_WRITE = text(f"SELECT {FUNCTION}(:workspace, :run, :at, CAST(:args AS jsonb))")


def follow_record(session: Session, run: Run, stage: Stage, anew: Collection[str] = ()) -> None:
    """What the record has become meanwhile, as its history tells it, on a run that is locked.

    `anew`: clocks that run by these calendars are written in any case, with the moment at which they wake now.
    """
    known = {key: _forgotten(one, anew) for key, one in kept(session, run.id).items()}
    written = [
        one
        for clock in stage.flow.definition.clocks
        if clock.key in known and (one := kept_on(stage, clock, known[clock.key], [])) is not None
    ]
    if written:
        args = orjson.dumps({"clocks": written}).decode()
        told = {"workspace": workspace_of(session), "run": run.id, "at": stage.now, "args": args}
        session.execute(_WRITE, told)


def fire(session: Session, catalogue: Catalogue, payload: Mapping[str, Any]) -> None:
    """The handler of timers `flow.clock`. Of several thresholds that were passed unseen, the last one speaks."""
    run = starting.locked(session, payload["run"])
    if run is None or run.ended_at is not None:
        return
    stage = starting.stage_of(session, catalogue, run)
    clock = stage.flow.definition.clock(payload["clock"])
    found = kept(session, run.id).get(payload["clock"])
    if clock is None or found is None or not found.state.running:
        return
    follow_record(session, run, stage)
    found = kept(session, run.id)[clock.key]
    reached = _reached(stage, clock, found)
    if reached <= found.state.reached:  # by the calendar as it is now, the moment is still to come
        follow_record(session, run, stage, anew=(found.state.calendar,))
    else:
        event = ClockReached(clock.key, reached - 1)
        starting.happen(session, catalogue, run, SYSTEM, event, "clock.reached", clock=clock.key, nth=reached - 1)


def _forgotten(one: Kept, calendars: Collection[str]) -> Kept:
    """As if it had not been measured yet, so that it differs from what it is found to be."""
    if not one.state.running or one.state.calendar not in calendars:
        return one
    return replace(one, state=replace(one.state, target=None))


def _reached(stage: Stage, clock: Any, found: Kept) -> int:
    calendar = found.state.calendar
    time = working_time(stage, None if calendar == ALWAYS else calendar)
    return noted(clock, found.state, time, stage.now).reached
