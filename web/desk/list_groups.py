"""The groups of a list: what their records share, how many there are, and what their figures add up to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from formloom.i18n import localized

from form_engine.definition import CompiledField, CompiledForm, Look
from form_engine.definition.look import Grouping
from form_engine.permission import Access
from form_engine.query.aggregate import Group, aggregate
from form_engine.records.view import RecordView
from web.cells import BLANK, Cell, cell
from web.desk.document import document
from web.desk.lists import Column, GroupHead, Row, count_text
from web.desk.views import Chosen
from web.desk.world import World
from web.names import Names, Wanted
from web.speech import gettext

MOST_GROUPS = 1_000


def group_order(look: Look, order: tuple[str, ...]) -> tuple[str, ...]:
    """The order in which a group's records come together."""
    if look.group is None:
        return order
    rest = tuple(key for key in order if key.removeprefix("-") != look.group.by)
    return (f"-{look.group.by}" if look.group.desc else look.group.by, *rest)[:4]


def totals(world: World, access: Access, chosen: Chosen, columns: tuple[Column, ...], q: str) -> tuple[Cell, ...]:
    """The sums of the whole list below its columns; nothing where none are asked for."""
    look = chosen.look
    if not look.sums:
        return ()
    found = aggregate(
        world.session, access, {"measures": _sums(look), "filter": chosen.filter, "q": q}, where=chosen.where
    )
    figures = found.groups[0].measures if found.groups else {}
    return _cells(access.form, look, columns, figures, world.locale)


def with_groups(
    world: World,
    access: Access,
    chosen: Chosen,
    columns: tuple[Column, ...],
    rows: tuple[Row, ...],
    items: tuple[RecordView, ...],
    q: str,
) -> tuple[Row, ...]:
    """The rows, the first of each group with its head."""
    look = chosen.look
    by = access.form.field(look.group.by) if look.group else None
    if look.group is None or by is None:
        return rows
    asked = {"field": look.group.by, "as": "shared", **({"bucket": look.group.bucket} if look.group.bucket else {})}
    question = {
        "group": [asked],
        "measures": ["count", *_sums(look)],
        "filter": chosen.filter,
        "q": q,
        "limit": MOST_GROUPS,
    }
    groups = aggregate(world.session, access, question, where=chosen.where).groups
    found = {_plain(each.keys["shared"]): each for each in groups}
    wanted = Wanted()
    for item in items:
        wanted.gather(access.form, {by.key: document(item.values, item.computed).get(by.key)})
    names = world.names_of(wanted)
    out, last = [], object()
    for row, item in zip(rows, items, strict=True):
        value = document(item.values, item.computed).get(by.key)
        key = shared_key(world, look.group, value)
        if key != last:
            head = _head(world, access, look, columns, (by, value, names), found.get(key))
            out.append(replace(row, head=replace(head, key=str(key))))
            last = key
        else:
            out.append(row)
    return tuple(out)


def shared_key(world: World, group: Grouping, value: Any) -> Any:
    """What a record's value is as the key of its group; None for a blank."""
    if value in (None, ""):
        return None
    if group.bucket is None:
        return value if isinstance(value, bool | int) else str(value)
    day = (
        datetime.fromisoformat(value).astimezone(world.context.zone).date()
        if "T" in value
        else date.fromisoformat(value)
    )
    begins = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
        "year": date(day.year, 1, 1),
    }
    return begins[group.bucket].isoformat()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


def _head(
    world: World,
    access: Access,
    look: Look,
    columns: tuple[Column, ...],
    shared: tuple[CompiledField, Any, Names],
    figures: Group | None,
) -> GroupHead:
    by, value, names = shared
    group = look.group
    if value in (None, "", []):
        shown = Cell("text", gettext("(empty)"))
    elif group is not None and group.bucket is not None:
        shown = Cell("text", span_words(group.bucket, shared_key(world, group, value), world.locale))
    else:
        shown = cell(by, value, names, world.locale)
    measures = figures.measures if figures else {}
    sums = _cells(access.form, look, columns, measures, world.locale) if look.sums else ()
    label = localized(by.definition.label, world.locale)
    return GroupHead("", shown, label, count_text(measures["count"]) if measures else "", sums)


def span_words(bucket: str, first: str, locale: str) -> str:
    """A day, a week by its first day, a month, a quarter or a year in words."""
    day, spoken = date.fromisoformat(first), locale.replace("-", "_")
    match bucket:
        case "year":
            return str(format_skeleton("y", day, locale=spoken))
        case "quarter":
            return str(format_skeleton("yQQQ", day, locale=spoken))
        case "month":
            return str(format_skeleton("yMMMM", day, locale=spoken))
        case "week":
            return gettext("Week from %(day)s", day=first)
    return first


def _sums(look: Look) -> list[dict[str, str]]:
    return [{"fn": "sum", "field": key, "as": f"sum_{at}"} for at, key in enumerate(look.sums)]


def _cells(
    form: CompiledForm, look: Look, columns: tuple[Column, ...], figures: Mapping[str, Any], locale: str
) -> tuple[Cell, ...]:
    """Each sum below its column; a field that is no column has none."""
    by_key: dict[str, Cell] = {}
    for at, key in enumerate(look.sums):
        field, value = form.field(key), figures.get(f"sum_{at}")
        if field is not None and value is not None:
            stored = f"{value:f}" if isinstance(value, Decimal) else value
            by_key[key] = cell(field, stored, Names(), locale)
    return tuple(by_key.get(column.key, BLANK) for column in columns)
