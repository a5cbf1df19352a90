"""A document made ready: every formula checked against the forms, with all the fields that it reads."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from formloom.errors import InvalidDefinition, Issue

from form_engine.definition import FieldDef, FormDef
from form_engine.definition.paths import Place, places, read_places
from form_engine.definition.scope import FormTypes
from form_engine.documents.blocks import Use
from form_engine.documents.blocks.rows import Rows
from form_engine.documents.model import DocumentDef
from form_engine.fields.base import FieldType, Text
from form_engine.fields.expression import read_formula
from form_engine.fields.formula import Shown, shown_as
from form_engine.formula import Checked, Env, FormulaError, Name, Node, Type, Value
from form_engine.formula.compiler import compile_formula

CODES: Final = ("not_rows_of", "not_linked_by", "unknown_form", "unknown_field", "formula_wrong_result", "not_files")


@dataclass(frozen=True, slots=True)
class Face:
    """How a result is written: by the field that a plain path ends at, else by what the formula gives."""

    kind: FieldType[Any]
    config: Any
    label: Text | None = None
    files: bool = False
    computed: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A formula in its place. `places` are the fields that it reads itself, of whatever form."""

    run: Callable[[Env], Value]
    node: Node
    type: Type
    places: tuple[Place, ...]
    face: Face


@dataclass(frozen=True, slots=True)
class CompiledDocument:
    """`readings` by (scope, formula): the scope is what `row.` (or, behind a `>`, `target.`) means."""

    definition: DocumentDef
    version: int
    readings: Mapping[tuple[str, str], Reading]


def scope_of(use: Use) -> str:
    """The first half of a reading's key."""
    return f">{use.target}" if use.target else use.row


def compile_document(document: DocumentDef, world: Mapping[str, FormDef], version: int = 0) -> CompiledDocument:
    """Ready to be drawn. Raises InvalidDefinition with a pointer for everything that does not fit these forms."""
    form = world.get(document.form)
    if form is None:
        raise InvalidDefinition("invalid_definition", issues=(Issue("/form", "unknown_form", {"form": document.form}),))
    types, issues = FormTypes(world), list(_rows_issues(document, form, world))
    readings: dict[tuple[str, str], Reading] = {}
    if not issues:
        for use in (*document.uses(), *(_word_uses(form) if document.docx is not None else ())):
            key = (scope_of(use), use.formula.text)
            try:
                reading = readings.get(key) or _reading(types, form, use)
            except FormulaError as error:
                issues.append(Issue(use.at, error.code, error.params))
                continue
            readings[key] = reading
            issues += _misfits(use, reading)
    if issues:
        raise InvalidDefinition("invalid_definition", issues=tuple(issues))
    return CompiledDocument(document, version, readings)


def check_document(document: DocumentDef, world: Mapping[str, FormDef]) -> tuple[Issue, ...]:
    """All that is wrong; empty means that it may be published."""
    try:
        compile_document(document, world)
    except InvalidDefinition as error:
        return error.issues
    return ()


def _rows_issues(document: DocumentDef, form: FormDef, world: Mapping[str, FormDef]) -> list[Issue]:
    found = []
    for block in document.walk():
        if not isinstance(block, Rows):
            continue
        if block.via is None:
            table = form.by_key.get(block.source)
            if table is None or not table.fields:
                found.append(Issue(f"{block.at}/of", "not_rows_of", {"field": block.source}))
            continue
        other = world.get(block.source)
        if other is None:
            found.append(Issue(f"{block.at}/of/form", "unknown_form", {"form": block.source}))
            continue
        via = other.by_key.get(block.via)
        if via is None or via.computed or via.type.points_to(via.config) != form.key:
            found.append(Issue(f"{block.at}/of/via", "not_linked_by", {"field": block.via, "form": form.key}))
        for place, key in enumerate(block.sort):
            field = other.by_key.get(key.removeprefix("-"))
            if field is None and key.removeprefix("-") not in ("number", "created_at", "id"):
                found.append(Issue(f"{block.at}/sort/{place}", "unknown_field", {"field": key.removeprefix("-")}))
    return found


def _reading(types: FormTypes, form: FormDef, use: Use) -> Reading:
    row, target = _source(form, use.row), _source(form, use.target)
    checked = types.check(use.formula.node, types.scope(form, row, target))
    read = tuple(read_places(types.world, checked.reads, form.key, row, target))
    face = _face(types, checked, {"own": form.key, "row": row, "target": target})
    return Reading(compile_formula(checked), checked.node, checked.type, read, face)


def _word_uses(form: FormDef) -> Iterator[Use]:
    """A Word template may name every field by its key."""
    for field in form.fields:
        if field.fields:
            columns = (each for each in field.fields if each.type.in_formulas)
            yield from (Use("/docx", read_formula(f"row.{each.key}"), row=f".{field.key}") for each in columns)
        elif field.type.in_formulas:
            yield Use("/docx", read_formula(field.key))


def _source(form: FormDef, scope: str) -> str | None:
    return f"{form.key}{scope}" if scope.startswith(".") else scope or None


def _face(types: FormTypes, checked: Checked, sources: Mapping[str, str | None]) -> Face:
    node = checked.node
    if isinstance(node, Name) and (source := sources.get(node.root)):
        way = list(places(types.world, source, node.path))
        field = _field(types.world, way[-1]) if len(way) == len(node.path) and way else None
        own = field.type.formula_type(field.config).kind if field is not None else ""
        if field is not None and not field.fields and (checked.type.kind == "list") == (own == "list"):
            kind, config = field.type.shown_by(field.config, checked.type)
            computed = field.type.computed and not field.type.stored
            return Face(kind, config, field.label, files=field.type.refers == "file", computed=computed)
        if field is not None:
            return Face(*_plain(checked.type), field.label)
    return Face(*_plain(checked.type))


def _field(world: Mapping[str, FormDef], place: Place) -> FieldDef | None:
    return world[place.form].find(place.path)


def _plain(kind: Type) -> tuple[FieldType[Any], Any]:
    return shown_as(Shown(), kind, {})


def _misfits(use: Use, reading: Reading) -> list[Issue]:
    if not use.gives:
        return []
    if "files" in use.gives:
        return [] if reading.face.files else [Issue(use.at, "not_files")]
    if reading.type.kind in (*use.gives, "any", "blank"):
        return []
    return [Issue(use.at, "formula_wrong_result", {"expected": use.gives[0], "found": str(reading.type)})]
