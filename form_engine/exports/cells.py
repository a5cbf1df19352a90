"""Records as rows of typed cells, as their reader may see them; names of what they link to are found batch by batch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formloom.clock import time_zone
from formloom.db.uow import workspace_of
from formloom.files import describe
from formloom.i18n import localized
from formloom.models import Department
from formloom.people import names as people_names
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField
from form_engine.exports.workbook import Column
from form_engine.fields.base import ExportCell, Glossary
from form_engine.permission import Access
from form_engine.records.titles import titles
from form_engine.records.view import RecordView

NUMBER = "number"
Cells = list[ExportCell | None]


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A field of the form (None: the record's own number), with its head in the reader's language."""

    key: str
    head: Column
    field: CompiledField | None


def columns_of(access: Access, locale: str, keys: Sequence[str] = ()) -> tuple[ExportColumn, ...]:
    """The named fields, else every field that the reader may see and that is one cell. Unknown ones are left out."""
    form = access.form
    fields = {field.key: field for field in form.fields if not field.columns and access.readable(form.key, field.path)}
    wanted = [key for key in keys if key in fields or (key == NUMBER and form.definition.number)]
    if not keys:
        wanted = [*([NUMBER] if form.definition.number else []), *fields]
    return tuple(
        ExportColumn(
            key,
            Column(localized(fields[key].definition.label, locale) if key in fields else localized(_NUMBER, locale)),
            fields.get(key),
        )
        for key in dict.fromkeys(wanted)
    )


_NUMBER = {"en": "Number", "zh-CN": "编号"}


class CellMaker:
    """Made once an export."""

    def __init__(self, session: Session, access: Access, columns: Sequence[ExportColumn], locale: str) -> None:
        self.session, self.access, self.locale = session, access, locale
        self.columns = columns
        self._zone = time_zone(session)
        self._known: dict[str, dict[Any, str]] = {"record": {}, "person": {}, "department": {}, "file": {}}

    def rows(self, views: Sequence[RecordView]) -> Iterator[Cells]:
        """A row for each view; names for all of them are looked up together."""
        names = self._glossary(views)
        makers = [self._maker(column, names) for column in self.columns]
        for view in views:
            yield [make(view) for make in makers]

    def _maker(self, column: ExportColumn, names: Glossary) -> Callable[[RecordView], ExportCell | None]:
        field = column.field
        if field is None:
            return lambda view: ExportCell(view.number) if view.number else None
        key, locale = field.key, self.locale
        if field.computed and not field.definition.type.stored:
            worked_out = field.export_cell
            return lambda view: worked_out(view.computed.get(key), locale, names)
        config, cell = field.definition.config, field.definition.type.export_cell
        return lambda view: None if (found := view.values.get(key)) is None else cell(found, config, locale, names)

    def _glossary(self, views: Sequence[RecordView]) -> Glossary:
        wanted: dict[str, set[Any]] = {kind: set() for kind in self._known}
        for column in self.columns:
            refers = column.field.definition.type.refers if column.field is not None else None
            if column.field is None or refers is None:
                continue
            ids = column.field.definition.type.ids
            for view in views:
                stored = view.values.get(column.key) or view.computed.get(column.key)
                if stored is not None:
                    wanted[refers].update(ids(stored))
        for kind, ids_ in wanted.items():
            known = self._known[kind]
            missing = ids_ - known.keys()
            if len(known) > 50_000:
                known.clear()
                missing = ids_
            if missing:
                known.update(self._names(kind, missing))
        return Glossary(
            self._known["record"], self._known["person"], self._known["department"], self._known["file"], self._zone
        )

    def _names(self, kind: str, ids: set[Any]) -> Mapping[Any, str]:
        """A record that the reader may not open has no name for them: its cell stays empty."""
        if kind == "record":
            found = titles(self.session, self.access.forms, ids, self.access.actor)
            return {each: (found[each][1] or "") if each in found else "" for each in ids}
        if kind == "person":
            return people_names(self.session, ids)
        if kind == "file":
            return {key: row.name for key, row in describe(self.session, ids).items()}
        statement = select(Department.id, Department.title).where(
            Department.workspace_id == workspace_of(self.session), Department.id.in_(ids)
        )
        return {row.id: localized(row.title, self.locale) for row in self.session.execute(statement)}
