"""Where the lines of a record's timeline come from: one function for each thing that an event reads.

Each gives at most one more than a page, from the near to the far. What the reader may not read gives nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField, PageEvent
from form_engine.query.related import Related, related
from form_engine.records.trail import changes_of
from form_engine.records.view import RecordView
from web.cells import BLANK, Cell, cell
from web.context import services
from web.desk.document import document
from web.desk.history import actor_names
from web.desk.life.moment import PAGE, Moment, Way
from web.desk.timeline import RunView
from web.desk.world import World
from web.names import Names, Wanted
from web.speech import gettext

ICONS: Mapping[str, str] = {
    "date": "calendar",
    "change": "edit",
    "files": "file",
    "table": "table",
    "linked": "link",
    "flows": "check",
    "reminders": "bell",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of a timeline: which way from which day (that day included)."""

    world: World
    view: RecordView
    runs: tuple[RunView, ...]
    way: Way
    day: date
    most: int = PAGE + 1

    @property
    def values(self) -> dict[str, Any]:
        return document(self.view.values, self.view.computed)

    def holds(self, day: date) -> bool:
        """Whether a day is on this page or beyond it."""
        return day <= self.day if self.way == "past" else day >= self.day

    def local(self, moment: datetime) -> date:
        """The day of a moment where the workspace is."""
        return moment.astimezone(self.world.context.zone).date()

    def nearest(self, lines: Iterator[Moment]) -> list[Moment]:
        """Those that are on this page, and one more."""
        sign = -1 if self.way == "past" else 1
        found = sorted((line for line in lines if self.holds(line.day)), key=lambda line: sign * line.day.toordinal())
        return found[: self.most]


def lines_of(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    """The lines of one event."""
    return _READS[event.reads](asked, event, place)


def _dates(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    field = asked.view.form.field(event.field)
    day = day_of(asked, asked.values.get(event.field)) if field is not None else None
    if field is None or day is None:
        return []
    return asked.nearest(iter([Moment(day, place, ICONS["date"], _title(event, field, asked.world.locale))]))


def _written(asked: Asked, event: PageEvent) -> Iterator[tuple[datetime, str, Any, Any]]:
    """(when, by whom, before, after) of the field, the last first; nothing to come is known."""
    field = asked.view.form.field(event.field)
    if field is None or asked.way == "ahead" or not asked.view.fields.may_read(field.path):
        return
    until = datetime.combine(asked.day + timedelta(days=1), time(), asked.world.context.zone).astimezone(UTC)
    keys = {event.field, *field.definition.was}
    for at, actor, changes in changes_of(asked.world.session, asked.view.id, keys, until, asked.most):
        before, after = next(changes[key] for key in keys if key in changes)
        yield at, actor, before, after


def _changes(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    written = list(_written(asked, event))
    field = asked.view.form.field(event.field)
    if field is None or not written:
        return []
    names = asked.world.names(asked.view.form, [{event.field: after} for *_, after in written])
    who = actor_names(asked.world, (actor for _, actor, *_ in written))
    title = _title(event, field, asked.world.locale)
    return [
        Moment(
            asked.local(at),
            place,
            ICONS["change"],
            title,
            status=cell(field, after, names, asked.world.locale),
            who=who[actor],
            at=at,
        )
        for at, actor, before, after in written
        if before is not None or getattr(field.definition.config, "options", None)
    ]


def _files(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    field = asked.view.form.field(event.field)
    written = list(_written(asked, event))
    if field is None or not written:
        return []
    kind = field.definition.type
    came = [
        (at, actor, [each for each in kind.ids(after) if before is None or each not in kind.ids(before)])
        for at, actor, before, after in written
        if after is not None
    ]
    names = asked.world.names(asked.view.form, [{event.field: after} for *_, after in written if after is not None])
    who = actor_names(asked.world, (actor for _, actor, _ in came))
    title = _title(event, field, asked.world.locale)
    return [
        Moment(asked.local(at), place, ICONS["files"], title, card.name, card.url, who=who[actor], at=at)
        for at, actor, ids in came
        for card in (names.files.get(str(one)) for one in ids)
        if card is not None
    ]


def _rows(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    table = asked.view.form.field(event.field)
    if table is None:
        return []
    rows = asked.values.get(event.field) or ()
    names = asked.world.names(asked.view.form, [{event.field: rows}])
    title = _title(event, table, asked.world.locale)
    lines = (_line(asked, event, place, table.by_key, row, names, title, icon="table") for row in rows)
    return asked.nearest(line for line in lines if line is not None)


def _linked(asked: Asked, event: PageEvent, place: int) -> list[Moment]:
    found = related_to(asked.world, asked.view, event)
    if found is None:
        return []
    since, until = (asked.day, None) if asked.way == "ahead" else (None, asked.day)
    items = found.dated(event.date, since=since, until=until, limit=asked.most, read=event.columns)
    return list(linked_lines(asked, event, place, found, items))


def related_to(world: World, view: RecordView, event: PageEvent) -> Related | None:
    """The records that an event speaks of."""
    return related(world.session, world.allowed(), view, event.source) if event.source is not None else None


def linked_lines(
    asked: Asked, event: PageEvent, place: int, found: Related, items: tuple[RecordView, ...]
) -> Iterator[Moment]:
    """Records as lines."""
    form, locale = found.access.form, asked.world.locale
    documents = [document(item.values, item.computed) for item in items]
    wanted = Wanted()
    for each in documents:
        wanted.gather(form, each)
    names = asked.world.names_of(wanted)
    title = localized(event.title if event.title is not None else form.definition.title, locale)
    fields = {key: field for key in event.columns if (field := form.field(key)) is not None}
    for item, values in zip(items, documents, strict=True):
        known = {**values, "created_at": item.record.created_at, "number": item.number}
        line = _line(asked, event, place, fields, known, names, title, icon=form.definition.icon or "link")
        if line is not None:
            yield Moment(
                line.day,
                place,
                line.icon,
                title,
                item.title or item.number or f"#{item.id}",
                f"/records/{item.id}",
                line.status,
                line.figure,
                until=line.until,
                at=line.at,
            )


def _line(
    asked: Asked,
    event: PageEvent,
    place: int,
    fields: Mapping[str, CompiledField],
    values: Mapping[str, Any],
    names: Names,
    title: str,
    *,
    icon: str,
) -> Moment | None:
    day = day_of(asked, values.get(event.date))
    if day is None:
        return None

    def shown(key: str | None) -> Cell:
        field = fields.get(key or "")
        return cell(field, values.get(field.key), names, asked.world.locale) if field is not None else BLANK

    return Moment(
        day,
        place,
        icon,
        title,
        status=shown(event.status),
        figure=shown(event.figure),
        until=day_of(asked, values.get(event.end)) if event.end else None,
    )


def _flows(asked: Asked, _: PageEvent, place: int) -> list[Moment]:
    def lines() -> Iterator[Moment]:
        for run in asked.runs:
            for step in run.steps:
                open_ = step.state == "open"
                moment = step.due if open_ else step.at
                if moment is None:
                    continue
                status = Cell("chip", step.word, step.tone) if step.word else BLANK
                name = f"{run.title} · {step.title}"
                yield Moment(
                    asked.local(moment), place, _step_icon(step.state), name, who=step.who, status=status, at=moment
                )

    return asked.nearest(lines())


def _step_icon(state: str) -> str:
    return {"open": "inbox", "submitted": "send", "rejected": "x", "returned": "return"}.get(state, "check")


def _reminders(asked: Asked, _: PageEvent, place: int) -> list[Moment]:
    if asked.way == "past":
        return []
    known = services().flows.triggering.ahead(asked.world.session, asked.view.form.key, asked.view.id)
    status = Cell("chip", gettext("Planned"), "idle")
    lines = (
        Moment(
            asked.local(one.due),
            place,
            ICONS["reminders"],
            localized(one.title, asked.world.locale),
            status=status,
            at=one.due,
        )
        for one in known
    )
    return asked.nearest(lines)


def day_of(asked: Asked, value: Any) -> date | None:
    """The day of a stored date or moment."""
    if isinstance(value, datetime):
        return asked.local(value)
    if not isinstance(value, str) or not value:
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else asked.local(datetime.fromisoformat(value))
    except ValueError:
        return None


def _title(event: PageEvent, field: CompiledField, locale: str) -> str:
    return localized(event.title if event.title is not None else field.definition.label, locale)


_READS: Mapping[str, Callable[[Asked, PageEvent, int], list[Moment]]] = {
    "date": _dates,
    "change": _changes,
    "files": _files,
    "table": _rows,
    "linked": _linked,
    "flows": _flows,
    "reminders": _reminders,
}
