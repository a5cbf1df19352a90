"""Absences, hand-overs and what is stuck, as programs and pages read them."""

from typing import Any

from formloom import people
from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from formloom.models import Absence
from sqlalchemy.orm import Session

from flow_engine.service.handing import Handed
from form_engine.records.titles import titles
from web.context import services
from web.identity import actor_of
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext

WHY = {
    "nobody": N_("Nobody was there to ask."),
    "left": N_("Whoever was asked has left."),
    "timeout": N_("What it waited for did not come in time."),
    "too_many_rounds": N_("The loop went round too often."),
    "too_many_records": N_("There were too many records."),
    "blank": N_("What it needs is not filled in."),
}


def may_see_for(identity: Identity, person: int | None) -> int:
    """Oneself; or anybody, for administrators. Others do not exist."""
    if person is None or person == identity.person_id:
        return identity.person_id
    if "admin" not in identity.roles:
        raise NotFound("unknown_person", {"id": person})
    return person


def absences_json(session: Session, person: int | None) -> list[dict[str, Any]]:
    """Those that are not over: of somebody and for them, or of everybody."""
    found = services().flows.seating.absences(session, person)
    return [absence_json(session, each) for each in found]


def absence_json(session: Session, absence: Absence) -> dict[str, Any]:
    """One of them, with names."""
    names = people.names(session, [absence.person_id, absence.proxy_id])
    return {
        "id": absence.id,
        "person": absence.person_id,
        "person_name": names.get(absence.person_id, ""),
        "proxy": absence.proxy_id,
        "proxy_name": names.get(absence.proxy_id, ""),
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat(),
        "flows": list(absence.scopes) if absence.scopes is not None else None,
        "as_well": absence.as_well,
        "note": absence.note,
    }


def holding_json(session: Session, person: int) -> dict[str, Any]:
    """How many open tasks somebody has, and who would have them next."""
    held = services().flows.seating.holding(session, person)
    manager = held.manager
    return {"tasks": held.tasks, "manager": manager and {"id": manager.id, "name": manager.name}}


def handed_json(session: Session, handed: Handed) -> dict[str, Any]:
    """Who has how many tasks now."""
    names = people.names(session, handed.moved)
    moved = [{"id": person, "name": names.get(person, ""), "tasks": count} for person, count in handed.moved.items()]
    return {"moved": moved, "stuck": handed.stuck, "kept": handed.kept, "more": handed.last is not None}


def stuck_json(session: Session, identity: Identity, after: int = 0) -> dict[str, Any]:
    """A page of what is stuck; records by their titles, as far as the reader may read them."""
    page, locale = services().flows.seating.stuck(session, after), current_locale()
    forms = services().forms.forms(session)
    known = titles(session, forms, [item.record for item in page.items], actor_of(identity))
    items = [
        {
            "run": item.run,
            "visit": item.visit,
            "flow": item.flow,
            "flow_title": localized(item.flow_title, locale),
            "step": item.step,
            "step_title": localized(item.step_title, locale),
            "record": item.record,
            "record_title": known.get(item.record, ("", None))[1] or f"#{item.record}",
            "kind": item.kind,
            "because": item.because,
            "why": why(item.because),
            "since": item.since.isoformat(),
            "asked": list(item.asked),
            "people_may": item.people_may,
        }
        for item in page.items
    ]
    return {"items": items, "next": page.next}


def why(because: str) -> str:
    """The reason in words; an error of a formula as it is."""
    if because in WHY:
        return gettext(WHY[because])
    return gettext("This could not be worked out: %(error)s.", error=because) if because else gettext("It failed.")
