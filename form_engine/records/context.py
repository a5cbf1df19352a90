"""Who asks and when, as formulas see it."""

from formloom.clock import app_now, time_zone, today
from sqlalchemy.orm import Session

from form_engine.calendars import LiveCalendar
from form_engine.formula import Context, PersonValue
from form_engine.records.actor import Actor


def context_for(session: Session, actor: Actor) -> Context:
    """The formula context of this actor in this unit of work."""
    me: PersonValue | None = None
    if actor.kind == "person" and actor.person_id is not None:
        me = PersonValue(actor.person_id, actor.name)
    elif actor.kind == "guest":
        me = PersonValue(f"guest:{actor.guest_id}", actor.name)
    return Context(
        me=me,
        today=today(session),
        now=app_now(session),
        roles=actor.roles,
        calendar=LiveCalendar(lambda: session),
        zone=time_zone(session),
    )
