"""The props of the island ``form``: a compiled form as one reader may see and fill it (FormModel).

Pure: what must be loaded (linked records, names, files) is handed in. Hidden fields are absent, and so is every
formula that reads one: what a person cannot see is computed and checked on the server alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField, CompiledForm, CompiledFormula, CompiledRule, FieldAccess
from form_engine.definition.model import Display
from form_engine.fields import Text
from form_engine.formula import Checked, Context, Path, Type, to_json
from web.names import Names

MayRead = Callable[[str, str], bool]
"""Whether the reader may see a field (second) of another form (first)."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Where the form goes. ``next`` may contain ``{id}``; ``label`` names the button."""

    url: str
    method: str = "POST"
    etag: str | None = None
    next: str | None = None
    label: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"url": self.url, "method": self.method, "etag": self.etag, "next": self.next, "label": self.label}


@dataclass(frozen=True, slots=True)
class Filled:
    """The record that is being edited, with computed values among ``values``."""

    id: int
    version: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Linked:
    """A linked record as formulas and pickers need it."""

    id: int
    display: str
    sub: str | None
    values: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "display": self.display, "sub": self.sub, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: language, field access on this record, and what may be read of linked forms."""

    locale: str
    fields: FieldAccess
    may_read: MayRead
    may_create: Callable[[str], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was loaded around the record."""

    linked: Mapping[str, Mapping[int, Linked]] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


def needs(form: CompiledForm, reader: Reader) -> dict[str, set[str]]:
    """Which fields of which linked forms this form's formulas read in the browser."""
    wanted: dict[str, set[str]] = {}
    for formula in _formulas(form):
        if _shippable(form, formula, reader):
            for step, key in _walks(form, formula.checked):
                wanted.setdefault(step, set()).add(key)
    return wanted


def form_model(
    form: CompiledForm,
    reader: Reader,
    *,
    record: Filled | None,
    around: Surroundings,
    context: Context,
    submit: Submit | None,
    lookup: str,
    upload: str,
    people_url: str | None = None,
    draft_key: str | None = None,
) -> dict[str, Any]:
    """The whole model; see ``web/client/form/model.ts`` for its type."""
    loom = _Loom(form, reader)
    fields = [loom.field(each, each.key) for each in form.fields if reader.fields.may_read(each.path)]
    return {
        "form": form.key,
        "version": form.version,
        "locale": reader.locale,
        "record": record and {"id": record.id, "version": record.version, "values": dict(record.values)},
        "fields": fields,
        "rules": loom.rules(form.rules),
        "layout": loom.layout({each["key"] for each in fields}),
        "linked": {
            key: {str(number): one.to_json() for number, one in records.items()}
            for key, records in around.linked.items()
        },
        "types": _types(form, needs(form, reader)),
        "people": {str(number): {"name": name} for number, name in around.names.people.items()},
        "departments": {str(number): {"name": name} for number, name in around.names.departments.items()},
        "files": {key: card.to_json() for key, card in around.names.files.items()},
        "context": {**context_json(context), "calendar": _calendar_json(form, reader, context)},
        "submit": submit and submit.to_json(),
        "lookup": lookup,
        "upload": upload,
        "people_url": people_url,
        "draft_key": draft_key,
    }


def context_json(context: Context) -> dict[str, Any]:
    """Who asks and when, for the browser's evaluator."""
    return {
        "me": context.me.id if context.me and isinstance(context.me.id, int) else None,
        "initiator": context.initiator.id if context.initiator else None,
        "today": context.today.isoformat(),
        "now": context.now.isoformat().replace("+00:00", "Z"),
        "roles": sorted(context.roles),
        "zone": str(context.zone),
    }


_ASKS_CALENDAR = frozenset({"WORKDAY", "NETWORKDAYS", "ISHOLIDAY"})
_YEARS_BEFORE, _YEARS_AFTER = 1, 5


def _calendar_json(form: CompiledForm, reader: Reader, context: Context) -> dict[str, Any] | None:
    """The days that this form's formulas may ask of the calendar: last year's to those in five years.

    Beyond them the browser knows weekends only; the server, whose word is final, knows them all.
    """
    asked = any(each.checked.functions & _ASKS_CALENDAR for each in _formulas(form) if _shippable(form, each, reader))
    if not asked or context.calendar is None:
        return None
    first = context.today.year - _YEARS_BEFORE
    years = [context.calendar.special(year) for year in range(first, context.today.year + _YEARS_AFTER + 1)]
    return {
        "weekend": sorted(context.calendar.weekend),
        "days_off": sorted(day.isoformat() for year in years for day in year.off),
        "workdays": sorted(day.isoformat() for year in years for day in year.work),
    }


class _Loom:
    """Weaves one form for one reader."""

    def __init__(self, form: CompiledForm, reader: Reader) -> None:
        self._form, self._reader = form, reader

    def field(self, column: CompiledField, key: str) -> dict[str, Any]:
        definition, reader = column.definition, self._reader
        writable = reader.fields.may_write(column.path) and not definition.computed
        model: dict[str, Any] = {
            "key": key,
            "type": definition.type.name,
            "label": self._words(definition.label),
            "help": self._words(definition.help),
            "required": self._required(column.required),
            "visible": self._tree(column.visible),
            "access": "write" if writable else "read",
            "config": self._config(column),
            "default": self._default(column) if writable else None,
            "formula": self._tree(column.formulas.get("value")),
            "rules": self.rules(column.rules),
        }
        if column.columns:
            shown = (each for each in column.columns if reader.fields.may_read(each.path))
            model["fields"] = [self.field(each, each.key) for each in shown]
        return model

    def rules(self, rules: Iterable[CompiledRule]) -> list[dict[str, Any]]:
        trees = ((rule, self._tree(rule.holds)) for rule in rules)
        return [{**tree, "message": self._words(rule.message)} for rule, tree in trees if tree]

    def layout(self, shown: set[str]) -> list[dict[str, Any]]:
        sections: list[dict[str, Any]] = [
            {
                "title": self._words(section.title),
                "note": self._words(section.note),
                "columns": section.columns,
                "tab": self._words(section.tab),
                "items": [
                    each if isinstance(each, str) else self._display(each)
                    for each in section.elements
                    if not isinstance(each, str) or each in shown
                ],
            }
            for section in self._form.definition.layout
        ]
        placed = {key for section in sections for key in section["items"] if isinstance(key, str)}
        rest = [each.key for each in self._form.fields if each.key in shown - placed]
        if rest:
            sections.append({"title": None, "note": None, "columns": 2, "tab": None, "items": rest})
        return [section for section in sections if section["items"]]

    def _display(self, display: Display) -> dict[str, Any]:
        return {"shows": display.shows, "text": self._words(display.text), "tone": display.tone}

    def _words(self, text: Text | None) -> str | None:
        return None if text is None else localized(text, self._reader.locale)

    def _tree(self, formula: CompiledFormula | None) -> dict[str, Any] | None:
        if formula is None or not _shippable(self._form, formula, self._reader):
            return None
        return {"tree": to_json(formula.checked.node)}

    def _required(self, required: bool | CompiledFormula) -> bool | dict[str, Any]:
        return required if isinstance(required, bool) else self._tree(required) or False

    def _default(self, column: CompiledField) -> dict[str, Any] | None:
        if isinstance(column.default, CompiledFormula):
            return self._tree(column.default)
        return None if column.default is None else {"value": column.default}

    def _config(self, column: CompiledField) -> dict[str, Any]:
        definition = column.definition
        told = definition.type.client_config(definition.config, self._reader.locale)
        if definition.computed and column.type.currency and not told.get("currency"):
            told["currency"] = column.type.currency
        starts = [option for path, option in self._reader.fields.starts if path == column.key == column.path]
        if starts:
            told["starts"] = sorted({*starts, definition.config.start})
        leads_to = column.points_to
        if leads_to is not None and self._reader.may_create(leads_to):
            told["create"] = f"/forms/{leads_to}/new"
        return told


def _formulas(form: CompiledForm) -> Iterator[CompiledFormula]:
    for _, column in form.walk():
        candidates: list[Any] = [column.required, column.visible, column.default]
        candidates += [rule.holds for rule in column.rules]
        candidates.append(column.formulas.get("value"))
        yield from (one for one in candidates if isinstance(one, CompiledFormula))
    yield from (rule.holds for rule in form.rules)


def _shippable(form: CompiledForm, formula: CompiledFormula, reader: Reader) -> bool:
    return may_be_told(form, formula.checked, reader)


def may_be_told(form: CompiledForm, formula: Checked, reader: Reader) -> bool:
    """Whether everything that the formula reads may be seen by this reader."""
    for path in _paths(form, formula):
        if not _own_readable(form, path, reader):
            return False
    return all(reader.may_read(step, key) for step, key in _walks(form, formula))


def _own_readable(form: CompiledForm, path: Path, reader: Reader) -> bool:
    if path[0] not in form.by_path:
        return True  # a system name such as created_at
    joined = ".".join(path[:2])
    return reader.fields.may_read(joined if joined in form.by_path else path[0])


def _paths(form: CompiledForm, formula: Checked) -> Iterator[Path]:
    """Every path the formula reads, from the record on; ``row.x`` is found through the table it stands in."""
    reads = formula.reads
    yield from reads.own
    tables = [each.key for each in form.fields if each.columns]
    for path in reads.row:
        owner = next((table for table in tables if f"{table}.{path[0]}" in form.by_path), None)
        if owner is not None:
            yield (owner, *path)


def _walks(form: CompiledForm, formula: Checked) -> Iterator[tuple[str, str]]:
    """Each step of a path that leaves the record: (form that is entered, field that is read there)."""
    for path in _paths(form, formula):
        column = form.by_path.get(path[0])
        rest = path[1:]
        if column is not None and column.columns and rest:
            column, rest = column.by_key.get(rest[0]), rest[1:]
        here: Type | None = column.type if column is not None else None
        for key in rest:
            if here is None or here.item.form is None:
                break
            yield here.item.form, key
            here = form.scope.forms.get(here.item.form, {}).get(key)


def _types(form: CompiledForm, wanted: Mapping[str, set[str]]) -> dict[str, dict[str, str]]:
    return {
        other: {key: str(kind) for key in keys if (kind := form.scope.forms.get(other, {}).get(key)) is not None}
        for other, keys in wanted.items()
    }
