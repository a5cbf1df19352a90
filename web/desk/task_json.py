"""Tasks as the API tells them."""

from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from web.context import services
from web.desk.clocks import clock_json
from web.desk.decision_model import actions
from web.desk.inbox import titles_of
from web.desk.record_json import record_json
from web.desk.world import World
from web.locales import current_locale


def inbox_json(session: Session, identity: Identity, tab: Any, after: str | None) -> dict[str, Any]:
    """A page of a tab."""
    page = services().flows.inbox(session, identity.person_id, tab, after)
    locale, titles = current_locale(), titles_of(session, identity, page.items)
    items = [
        {
            "task": one.task,
            "run": one.run,
            "record": one.record,
            "form": one.form,
            "title": titles[one.record],
            "step": one.step,
            "step_title": localized(one.step_title, locale) if one.step_title else None,
            "flow": one.flow,
            "status": one.status,
            "run_status": one.run_status,
            "decision": one.decision,
            "at": one.at.isoformat(),
            "due_at": one.due_at.isoformat() if one.due_at else None,
            "clocks": [clock_json(clock, locale) for clock in one.clocks],
        }
        for one in page.items
    ]
    return {"items": items, "next": page.next, "counts": services().flows.counts(session, identity.person_id)}


def task_json(session: Session, identity: Identity, task_id: int) -> dict[str, Any]:
    """One task with its record and what may be decided."""
    world = World.of(session, identity)
    task = services().flows.task(session, task_id, world.actor)
    writable = {path: str(level) for path, level in task.fields.paths.items()} | {"*": str(task.fields.rest)}
    return {
        "id": task.id,
        "run": task.run,
        "step": task.step,
        "status": task.status,
        "decision": task.decision,
        "due_at": task.due_at.isoformat() if task.due_at else None,
        "clocks": [clock_json(clock, world.locale) for clock in task.clocks],
        "actions": actions(task.offers, task.step_titles, world.locale),
        "acts": list(task.acts),
        "may_take_back": task.may_take_back,
        "required": list(task.required),
        "fields": writable,
        "record": record_json(session, identity, task.record),
    }
