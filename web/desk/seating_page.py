"""What the pages of absence, people and stuck runs show."""

from datetime import datetime, time, timedelta
from typing import Any

from formloom import people
from formloom.access import Identity
from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.i18n import localized
from formloom.models import Person
from sqlalchemy.orm import Session

from web.context import services
from web.desk.seating_json import absences_json, holding_json, stuck_json
from web.locales import current_locale

MOST = 200


def absence_page(session: Session, identity: Identity, person: int) -> dict[str, Any]:
    """Somebody's absences and what a new one needs."""
    now = app_now(session).astimezone(time_zone(session))
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time())
    return {
        "of": person,
        "own": person == identity.person_id,
        "name": people.names(session, [person]).get(person, ""),
        "items": [_moments(one) for one in absences_json(session, person)],
        "colleagues": colleagues(session, person),
        "flows": _flows(session),
        "from_": tomorrow.isoformat(timespec="minutes"),
        "until": (tomorrow + timedelta(days=7)).isoformat(timespec="minutes"),
        "now": now,
    }


def person_page(session: Session, identity: Identity, person_id: int) -> dict[str, Any]:
    """One of them."""
    found = session.get(Person, (workspace_of(session), person_id))
    if found is None:
        raise NotFound("unknown_person", {"id": person_id})
    return {
        "person": found,
        "own": person_id == identity.person_id,
        "holding": holding_json(session, person_id),
        "absences": [_moments(one) for one in absences_json(session, person_id)],
        "colleagues": colleagues(session, person_id),
    }


def stuck_page(session: Session, identity: Identity, after: int) -> dict[str, Any]:
    """What is stuck, with whom one could give it to."""
    page = stuck_json(session, identity, after)
    for item in page["items"]:
        item["since"] = datetime.fromisoformat(item["since"])
    return {**page, "colleagues": colleagues(session, 0), "now": app_now(session)}


def colleagues(session: Session, without: int) -> list[Person]:
    """Whom one may choose."""
    return [one for one in people.search(session, "", MOST + 1) if one.id != without][:MOST]


def _flows(session: Session) -> list[tuple[str, str]]:
    store, locale = services().flows.definitions, current_locale()
    live = ((key, store.live(session, key)) for key in sorted(store.live_versions(session)))
    return [(key, localized(flow.title, locale)) for key, flow in live]


def _moments(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, **{name: datetime.fromisoformat(one[name]) for name in ("starts_at", "ends_at")}}
