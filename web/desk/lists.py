"""Lines of lists: the columns that are shown, and records as rows of cells."""

from collections.abc import Iterable
from dataclasses import dataclass

from formloom.i18n import localized

from form_engine.definition import CompiledField, CompiledForm, Look
from form_engine.permission import Access
from form_engine.records.view import RecordView
from web.cells import Cell, cell, numeric
from web.desk.document import document
from web.names import FileCard, Names
from web.speech import gettext, ngettext

MOST_COLUMNS = 10
PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head. ``href`` sorts by it; ``sorted`` is aria's word for how it stands now. ``width`` in pixels; 0:
    as wide as it needs. ``frozen``: it stays in sight when the table is moved sideways.
    """

    label: str
    numeric: bool
    href: str = ""
    sorted: str = ""
    key: str = ""
    width: int = 0
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class GroupHead:
    """What stands above the records of a group: what they share, how many they are, and the sums by column."""

    key: str
    cell: Cell
    label: str
    count_text: str
    sums: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A record's line. ``edit`` has the key of each cell's field that this reader may change here, else ''. ``tone`` is
    the colour of the whole line.
    """

    id: int
    title: str
    cells: tuple[Cell, ...]
    version: int = 0
    edit: tuple[str, ...] = ()
    tone: str = ""
    cover: FileCard | None = None
    head: GroupHead | None = None
    moves: bool = False
    """This reader may change the field by which a board is laid out."""

    def may_edit(self, at: int) -> str:
        """The field of a cell, if the reader may change it in the list."""
        return self.edit[at] if at < len(self.edit) else ""


def count_text(count: int, *, capped: bool = False, estimated: bool = False) -> str:
    """How many there are; what is not exact says so, and an estimate does not pretend to know the last digits."""
    if capped:
        return gettext("more than %(count)s", count=count)
    if estimated:
        step = 10 ** max(len(str(count)) - 2, 0)
        return gettext("about %(count)s records", count=f"{round(count / step) * step:,}")
    return ngettext("%(num)s record", "%(num)s records", count)


def shown_columns(form: CompiledForm, access: Access, asked: tuple[str, ...] = ()) -> tuple[CompiledField, ...]:
    """The columns that were asked for, else those that the form's own list names, as far as the reader may see them."""
    keys = asked or form.definition.list_columns or tuple(each.key for each in form.fields if not each.columns)
    found = (form.field(key) for key in keys)
    seen = tuple(each for each in found if each is not None and access.readable(form.key, each.path))
    return seen if asked else seen[:MOST_COLUMNS]


def leads_itself(form: CompiledForm, shown: tuple[CompiledField, ...]) -> bool:
    """Whether the first column already names the record, so that no column of titles is needed before it."""
    display = form.display
    named = display if isinstance(display, tuple) else (display.text.strip(),)
    return bool(shown) and not form.definition.number and named == (shown[0].key,)


def lead_label(form: CompiledForm, locale: str) -> str:
    """The head of the column that names the record: its number, or the one field that is its title."""
    if form.definition.number:
        return gettext("No.")
    display = form.display if isinstance(form.display, tuple) else (form.display.text.strip(),)
    named = form.field(display[0]) if len(display) == 1 else None
    return localized(named.definition.label, locale) if named else gettext("Title")


def heads_of(form: CompiledForm, shown: tuple[CompiledField, ...], look: Look, locale: str) -> tuple[Column, ...]:
    """The heads of these columns, the one that names the record first."""
    heads = tuple(
        Column(
            localized(each.definition.label, locale),
            numeric(each),
            key=each.key,
            width=look.widths.get(each.key, 0),
            frozen=at < look.frozen,
        )
        for at, each in enumerate(shown)
    )
    return heads if leads_itself(form, shown) else (Column(lead_label(form, locale), numeric=False), *heads)


def rows_of(
    form: CompiledForm,
    shown: tuple[CompiledField, ...],
    items: Iterable[RecordView],
    names: Names,
    locale: str,
    look: Look = PLAIN,
) -> tuple[Row, ...]:
    """Records as lines; the first cell is the record's own title."""
    own_lead = leads_itself(form, shown)
    colour, cover, by = (form.field(key) if key else None for key in (look.colour, look.cover, look.by))
    rows = []
    for item in items:
        values = document(item.values, item.computed)
        cells = tuple(cell(each, values.get(each.key), names, locale) for each in shown)
        edit = tuple(each.key if _may_change(item, each) else "" for each in shown)
        if not own_lead:
            cells, edit = (Cell("text", item.number or item.title or f"#{item.id}"), *cells), ("", *edit)
        tone = cell(colour, values.get(colour.key), names, locale).tone if colour else ""
        pictures = cell(cover, values.get(cover.key), names, locale).files if cover else ()
        picture = next((file for file in pictures if file.is_image), None)
        moves = by is not None and _may_change(item, by)
        rows.append(Row(item.id, item.title, cells, item.version, edit, tone, picture, moves=moves))
    return tuple(rows)


def _may_change(item: RecordView, column: CompiledField) -> bool:
    """A list changes what a person may write; a status moves by steps and buttons, what is under way by its step."""
    kind = column.definition.type
    return (
        "update" in item.may
        and item.record.run_id is None
        and not column.computed
        and not column.columns
        and item.fields.may_write(column.path)
        and kind.moves(column.definition.config) is None
    )


__all__ = [
    "Column",
    "GroupHead",
    "Row",
    "count_text",
    "heads_of",
    "lead_label",
    "leads_itself",
    "rows_of",
    "shown_columns",
]
