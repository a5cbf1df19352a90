"""What the page of one record shows besides its fields: the `page` part of a form (ADR 101).

`figures` stand at the top, a `span` of days is drawn as a bar, `timeline` says what happened and what is to come, and
`linked` are lists of other records that belong to this one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from formloom.errors import Issue

from form_engine.fields.base import Text
from form_engine.fields.expression import Formula

if TYPE_CHECKING:
    from form_engine.definition.model import FieldDef, FormDef

ReadFormula = Callable[[str, str], Formula | None]

_DAYS: Final = ("date", "datetime")
_SYSTEM: Final[Mapping[str, str]] = {"created_at": "datetime", "updated_at": "datetime", "number": "text"}


@dataclass(frozen=True, slots=True)
class Source:
    """Records of `form` whose link `via` leads to this record or, with `of`, to where that field of it leads, too.

    `where` reads them by `target.` and this record by its own names. `at` is a pointer into the form.
    """

    form: str
    via: str
    of: str | None = None
    where: Formula | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something with a day. `reads` says what of:

    `date` (a field of the record), `change` (each new value of a field), `files` (what a file field received), `table`
    (its rows), `linked` (other records), `flows` (what people decided and are asked), `reminders` (timers to come).

    `date` is the day it stands at; `start` and `end` how far it reaches when it is drawn on the bar (`lane`).
    """

    key: str
    reads: str
    field: str = ""
    title: Text | None = None
    source: Source | None = None
    date: str = ""
    start: str = ""
    end: str = ""
    status: str | None = None
    figure: str | None = None
    lane: bool = False
    at: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of a row or a linked record."""
        named = (self.date, self.start, self.end, self.status, self.figure)
        return tuple(dict.fromkeys(each for each in named if each))


@dataclass(frozen=True, slots=True)
class PageList:
    """A list of records that belong to this one; below it the `sums`, by the options of `by` where there is one."""

    key: str
    source: Source
    title: Text | None = None
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    by: str | None = None
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class PageDef:
    """The page part of a form. `id` is the field that names the record everywhere; it can be copied from its page."""

    id: str | None = None
    figures: tuple[str, ...] = ()
    span: tuple[str, str] | None = None
    timeline: tuple[PageEvent, ...] = ()
    linked: tuple[PageList, ...] = ()

    @property
    def sources(self) -> Iterator[Source]:
        """Every mention of another form's records."""
        yield from (each.source for each in self.timeline if each.source is not None)
        yield from (each.source for each in self.linked)


def parse_page(raw: Mapping[str, Any], formula: ReadFormula) -> PageDef:
    """The page part of a form whose shape was checked; `formula` reads one, noting what is wrong with it."""
    span = raw.get("span")
    timeline = (_event(each, f"/page/timeline/{at}", formula) for at, each in enumerate(raw.get("timeline", ())))
    linked = (_list(each, f"/page/linked/{at}", formula) for at, each in enumerate(raw.get("linked", ())))
    return PageDef(
        id=raw.get("id"),
        figures=tuple(raw.get("figures", ())),
        span=(span["from"], span["to"]) if span else None,
        timeline=tuple(timeline),
        linked=tuple(linked),
    )


def _event(raw: Mapping[str, Any], at: str, formula: ReadFormula) -> PageEvent:
    reads = next(each for each in ("change", "files", "table", "form", "flows", "reminders", "date") if each in raw)
    date = raw.get("date") or raw.get("from", "")
    field = raw.get(reads) if reads in ("change", "files", "table", "date") else ""
    return PageEvent(
        key=raw["key"],
        reads="linked" if reads == "form" else reads,
        field=str(field),
        title=raw.get("title"),
        source=_source(raw, at, formula) if reads == "form" else None,
        date=date,
        start=raw.get("from", date),
        end=raw.get("to", ""),
        status=raw.get("status"),
        figure=raw.get("figure"),
        lane=raw.get("lane", False),
        at=at,
    )


def _list(raw: Mapping[str, Any], at: str, formula: ReadFormula) -> PageList:
    return PageList(
        key=raw["key"],
        source=_source(raw, at, formula),
        title=raw.get("title"),
        columns=tuple(raw.get("columns", ())),
        sort=tuple(raw.get("sort", ())),
        sums=tuple(raw.get("sums", ())),
        by=raw.get("by"),
        colour=raw.get("colour"),
    )


def _source(raw: Mapping[str, Any], at: str, formula: ReadFormula) -> Source:
    where = formula(raw["where"], f"{at}/where") if "where" in raw else None
    return Source(raw["form"], raw["via"], raw.get("of"), where, at)


def check_page(form: "FormDef", world: Mapping[str, "FormDef"]) -> Iterator[Issue]:
    """Names that exist, each of a type that fits its place; nothing twice."""
    page = form.page
    if page is None:
        return
    yield from _named(
        form, [("/page/id", page.id), *((f"/page/figures/{n}", each) for n, each in enumerate(page.figures))]
    )
    for at, key in zip(("/page/span/from", "/page/span/to"), page.span or (), strict=False):
        yield from _wanted(form, at, key, _DAYS)
    for which, parts in (
        ("timeline", [each.key for each in page.timeline]),
        ("linked", [each.key for each in page.linked]),
    ):
        seen: set[str] = set()
        for n, key in enumerate(parts):
            if key in seen:
                yield Issue(f"/page/{which}/{n}/key", "duplicate_key", {"key": key})
            seen.add(key)
    for event in page.timeline:
        yield from _event_issues(form, event, world)
    for each in page.linked:
        yield from _source_issues(form, each.source, world)
        there = world.get(each.source.form)
        if there is not None:
            yield from _list_issues(there, each)


def _event_issues(form: "FormDef", event: PageEvent, world: Mapping[str, "FormDef"]) -> Iterator[Issue]:
    at = event.at
    if event.reads == "date":
        yield from _wanted(form, f"{at}/date", event.field, _DAYS)
        if event.end:
            yield from _wanted(form, f"{at}/to", event.end, _DAYS)
    elif event.reads in ("change", "files"):
        found = form.by_key.get(event.field)
        yield from _named(form, [(f"{at}/{event.reads}", event.field)])
        if found is not None and (found.computed or (event.reads == "files") is not (found.type.refers == "file")):
            expected = "file" if event.reads == "files" else "choice"
            yield Issue(f"{at}/{event.reads}", "wrong_type", {"expected": expected, "found": found.type.name})
    elif event.reads == "table":
        table = form.by_key.get(event.field)
        if table is None or not table.fields:
            yield Issue(f"{at}/table", "unknown_table", {"form": form.key, "table": event.field})
        else:
            yield from _event_columns(table.by_key, event)
    elif event.source is not None:
        yield from _source_issues(form, event.source, world)
        there = world.get(event.source.form)
        if there is not None:
            yield from _event_columns(there.by_key, event)


def _event_columns(fields: Mapping[str, "FieldDef"], event: PageEvent) -> Iterator[Issue]:
    if not event.date:
        yield Issue(f"{event.at}/date", "required")
    begin = event.start if event.start != event.date else ""
    named = {"date": event.date, "from": begin, "to": event.end, "status": event.status, "figure": event.figure}
    for name, key in named.items():
        if key and key not in fields and key not in _SYSTEM:
            yield Issue(f"{event.at}/{name}", "unknown_field", {"field": key})
        elif key and name in ("date", "from", "to") and _kind(fields.get(key), key) not in _DAYS:
            yield Issue(f"{event.at}/{name}", "wrong_type", {"expected": "date", "found": key})


def _list_issues(there: "FormDef", each: PageList) -> Iterator[Issue]:
    at = each.source.at
    named = [(f"{at}/columns/{n}", key) for n, key in enumerate(each.columns)]
    named += [(f"{at}/sort/{n}", key.removeprefix("-")) for n, key in enumerate(each.sort)]
    named += [(f"{at}/sums/{n}", key) for n, key in enumerate(each.sums)]
    yield from _named(there, [*named, (f"{at}/by", each.by), (f"{at}/colour", each.colour)])
    for n, key in enumerate(each.sums):
        found = there.by_key.get(key)
        if found is not None and _kind(found, key) not in ("number", "any"):
            yield Issue(f"{at}/sums/{n}", "wrong_type", {"expected": "number", "found": found.type.name})
    for name, chosen in (("by", each.by), ("colour", each.colour)):
        found = there.by_key.get(chosen or "")
        if found is not None and not getattr(found.config, "options", None):
            yield Issue(f"{at}/{name}", "wrong_type", {"expected": "choice", "found": found.type.name})


def _source_issues(form: "FormDef", source: Source, world: Mapping[str, "FormDef"]) -> Iterator[Issue]:
    there = world.get(source.form)
    if there is None:
        yield Issue(f"{source.at}/form", "unknown_form", {"form": source.form})
        return
    own = form.by_key.get(source.of or "")
    if source.of is not None and (own is None or own.type.points_to(own.config) is None):
        yield Issue(f"{source.at}/of", "unknown_field" if own is None else "wrong_type", {"field": source.of})
        return
    leads_to = form.key if own is None else own.type.points_to(own.config)
    via = there.by_key.get(source.via)
    if via is None:
        yield Issue(f"{source.at}/via", "unknown_field", {"field": source.via})
    elif via.computed or via.type.points_to(via.config) != leads_to:
        yield Issue(f"{source.at}/via", "not_a_link_to", {"field": source.via, "form": leads_to})


def _named(form: "FormDef", named: list[tuple[str, str | None]]) -> Iterator[Issue]:
    for at, key in named:
        if key is not None and key not in form.by_key and key not in _SYSTEM:
            yield Issue(at, "unknown_field", {"field": key})


def _wanted(form: "FormDef", at: str, key: str, kinds: tuple[str, ...]) -> Iterator[Issue]:
    yield from _named(form, [(at, key)])
    if key in form.by_key and _kind(form.by_key[key], key) not in (*kinds, "any"):
        yield Issue(at, "wrong_type", {"expected": kinds[0], "found": form.by_key[key].type.name})


def _kind(found: "FieldDef | None", key: str) -> str:
    """The kind of a field's values; of a computed one, which may be anything, `any`."""
    if found is None:
        return _SYSTEM.get(key, "any")
    kind: str = found.type.formula_type(found.config).kind
    return "any" if found.computed else kind


__all__ = ["PageDef", "PageEvent", "PageList", "Source", "check_page", "parse_page"]
