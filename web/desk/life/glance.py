"""What a record's page shows because its form declares it: id, figures, bar, timeline and lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from formloom.i18n import localized

from form_engine.query.related import page_of_form
from form_engine.records.view import RecordView
from web.cells import cell
from web.desk.life.bar import Bar, bar_of
from web.desk.life.events import Asked, lines_of
from web.desk.life.lists import Lists, lists_of
from web.desk.life.moment import TimelinePage, Way, merged
from web.desk.sections import Fact
from web.desk.timeline import RunView
from web.desk.world import World
from web.names import Names


@dataclass(frozen=True, slots=True)
class Glance:
    """`timeline` is what is to come and what has been, each the nearest first."""

    id: str
    figures: tuple[Fact, ...]
    bar: Bar | None
    timeline: tuple[TimelinePage, ...]
    lists: Lists
    today: date

    def __bool__(self) -> bool:
        return bool(self.figures or self.bar or self.timeline or self.lists.open)


def glance_at(
    world: World,
    view: RecordView,
    values: Mapping[str, Any],
    names: Names,
    runs: tuple[RunView, ...],
    chosen: str,
    after: str | None,
) -> Glance:
    """The whole of it; a draft has no life yet but its figures."""
    page = page_of_form(view.form)
    today = today_of(world)
    figures = tuple(
        Fact(localized(field.definition.label, world.locale), shown)
        for key in page.figures
        if (field := view.form.field(key)) is not None
        and view.fields.may_read(field.path)
        and (shown := cell(field, values.get(key), names, world.locale)).kind != "blank"
    )
    named = values.get(page.id) if page.id is not None else None
    if view.record.draft:
        return Glance("", figures, None, (), Lists((), None), today)
    asked = Asked(world, view, runs, "past", today)
    both = (timeline_page(world, view, runs, way, None) for way in ("ahead", "past")) if page.timeline else ()
    return Glance(
        str(named or ""),
        figures,
        bar_of(asked, page, today),
        tuple(each for each in both if each.moments or each.further),
        lists_of(world, view, chosen, after),
        today,
    )


def timeline_page(
    world: World, view: RecordView, runs: tuple[RunView, ...], way: Way, day: date | None
) -> TimelinePage:
    """A page of the timeline from a day on; from today, where none is told."""
    today = today_of(world)
    first = today if way == "past" else today + timedelta(days=1)
    asked = Asked(world, view, runs, way, day if day is not None else first)
    events = page_of_form(view.form).timeline
    return merged([lines_of(asked, event, place) for place, event in enumerate(events)], way)


def today_of(world: World) -> date:
    """The day that it is where the workspace is."""
    return world.context.now.astimezone(world.context.zone).date()
