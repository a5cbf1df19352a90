"""More of a record's timeline, as a page of its own: what the page of the record goes on with."""

from dataclasses import dataclass
from datetime import date

from formloom.access import Identity
from formloom.errors import InvalidInput, Issue
from formloom.i18n import localized
from sqlalchemy.orm import Session

from web.context import services
from web.desk.life.glance import timeline_page, today_of
from web.desk.life.moment import TimelinePage
from web.desk.timeline import runs_of
from web.desk.world import World

EARLIEST, LATEST = date(2, 1, 1), date(9998, 12, 31)


@dataclass(frozen=True, slots=True)
class Further:
    """What `pages/timeline.html` shows."""

    id: int
    form: str
    form_title: str
    title: str
    part: TimelinePage
    today: date


def timeline_further(session: Session, identity: Identity, record_id: int, way: str, day: str) -> Further:
    """From a day on (today, where none is named). Raises NotFound where the reader may not see the record, InvalidInput
    for what is no day or no way.
    """
    world = World.of(session, identity)
    view = services().records.view(session, services().forms, record_id, world.actor)
    if way not in ("past", "ahead"):
        raise InvalidInput("invalid_input", issues=(Issue("/way", "unknown_option", {"option": way[:40]}),))
    try:
        first = date.fromisoformat(day) if day else today_of(world)
    except ValueError:
        raise InvalidInput("invalid_input", issues=(Issue("/day", "not_a_date", {}),)) from None
    # The day before the first one and the day after the last one cannot be said.
    first = max(first, EARLIEST) if way == "ahead" else min(max(first, EARLIEST), LATEST)
    runs = runs_of(world, record_id)
    return Further(
        view.id,
        view.form.key,
        localized(view.form.definition.title, world.locale),
        view.title or view.number or f"#{view.id}",
        timeline_page(world, view, runs, "past" if way == "past" else "ahead", first),
        today_of(world),
    )
