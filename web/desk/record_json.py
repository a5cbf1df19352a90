"""Records as the API tells them."""

from typing import Any

from formloom.access import Identity
from formloom.errors import NotFound
from sqlalchemy.orm import Session

from form_engine.query.listing import list_records
from web.context import services
from web.desk.clocks import clock_json
from web.desk.document import document
from web.desk.history import Change, RowChange, Side, history_of
from web.desk.query import ListQuery
from web.desk.timeline import RunView, runs_of
from web.desk.views import condition, views_of
from web.desk.world import World


def record_json(session: Session, identity: Identity, record_id: int) -> dict[str, Any]:
    """One record with what this person may see of it; NotFound for all others."""
    world = World.of(session, identity)
    return as_json(services().records.view(session, services().forms, record_id, world.actor))


def page_json(session: Session, identity: Identity, form_key: str, query: ListQuery) -> dict[str, Any]:
    """A page of records."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    view = next((one for one in views_of(world, form) if one.key == query.view), None)
    if query.view and view is None:
        raise NotFound("unknown_definition", {"kind": "view", "key": query.view})
    page = list_records(
        session,
        access,
        filter=query.tree(),
        where=condition(form, view),
        sort=query.sort or (view.look.order if view else ()),
        after=query.after,
        before=query.before,
        limit=query.limit,
        q=query.q,
    )
    return {
        "items": [as_json(item) for item in page.items],
        "next": page.next,
        "previous": page.previous,
        "count": page.count,
        "estimated": page.estimated,
    }


def as_json(view: Any) -> dict[str, Any]:
    """A viewed record as JSON; computed values stand among the stored ones."""
    record = view.record
    return {
        "id": record.id,
        "form": record.form,
        "version": record.version,
        "number": record.number,
        "title": view.title,
        "draft": record.draft,
        "values": document(view.values, view.computed),
    }


def history_json(session: Session, identity: Identity, record_id: int) -> list[dict[str, Any]]:
    """The record's history, newest first, of fields that may be seen."""
    world = World.of(session, identity)
    entries = history_of(world, services().records.view(session, services().forms, record_id, world.actor))
    return [
        {
            "version": entry.version,
            "at": entry.at.isoformat(),
            "actor": entry.actor,
            "who": entry.who,
            "action": entry.action,
            "what": entry.what,
            "via": entry.via,
            "changes": [change_json(one) for one in entry.changes],
        }
        for entry in entries
    ]


def change_json(one: Change) -> dict[str, Any]:
    """A field before and after, a table row by row."""
    return {**_side_json(one), "rows": [_row_json(row) for row in one.rows]}


def _row_json(row: RowChange) -> dict[str, Any]:
    cells = [_side_json(one) for one in row.cells]
    return {"id": row.id, "change": row.change, "at": row.at, "words": row.words, "cells": cells}


def _side_json(one: Side) -> dict[str, Any]:
    old, new = one.stored
    texts = {"old_text": one.old.text, "new_text": one.new.text}
    return {"field": one.path, "label": one.label, "old": old, "new": new, **texts}


def timeline_json(session: Session, identity: Identity, record_id: int) -> list[dict[str, Any]]:
    """The runs over a record, for those who may see it."""
    world = World.of(session, identity)
    services().records.get(session, services().forms, record_id, world.actor)
    return [_run_json(run) for run in runs_of(world, record_id)]


def run_json(session: Session, identity: Identity, run_id: int) -> dict[str, Any]:
    """One run, for those who may see its record; NotFound for others."""
    world = World.of(session, identity)
    run = services().flows.run(session, run_id)
    services().records.get(session, services().forms, run.record, world.actor)
    clocks = [clock_json(clock, world.locale) for clock in services().flows.clocks(session, run_id)]
    return {**_run_json(runs_of(world, run.record, run=run_id)[0]), "clocks": clocks}


def _run_json(run: RunView) -> dict[str, Any]:
    steps = [
        {
            "state": step.state,
            "title": step.title,
            "who": step.who,
            "at": step.at.isoformat() if step.at else None,
            "due": step.due.isoformat() if step.due else None,
            "reason": step.reason,
            "comment": step.comment,
        }
        for step in run.steps
    ]
    return {"id": run.id, "title": run.title, "state": run.word, "steps": steps}
