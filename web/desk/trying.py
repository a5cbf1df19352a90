"""A formula while somebody writes it: whether it fits its place in the draft, and what it gives on a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formloom.access import Identity
from formloom.errors import FormloomError, InvalidDefinition, NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FormDef
from form_engine.definition.scope import FormTypes
from form_engine.fields.formula import computed_json
from form_engine.formula import Checked, Env, ErrorValue, FormulaError, RecordValue, Type, TypeScope, check, parse
from form_engine.formula import compile as compile_formula
from form_engine.formula.types import LOGICAL, NUMBER, TEXT
from form_engine.records.facts_sql import facts_of
from web.context import services
from web.desk.designing import parsed, with_draft
from web.desk.linked import reader_of
from web.desk.world import World
from web.forms_view import may_be_told
from web.formula_words import type_words
from web.words import sentence

Body = dict[str, Any]
PLACES = ("required", "visible", "default", "rule", "value", "filter", "of", "where", "access", "display", "when")
_LOGICAL = frozenset({"required", "visible", "rule", "filter", "where", "access", "when"})
_EXPECTED = {"logical": LOGICAL, "number": NUMBER, "text": TEXT}
_IN_CONFIG = frozenset({"value", "filter", "of", "where"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the formula stands: in a field (by its path) or in the form itself, and as what."""

    path: str | None
    what: str


def try_formula(session: Session, identity: Identity, key: str, asked: Body) -> Body:
    """``{problem, type, type_words, record, value, text}``: what is wrong, else what comes out.

    ``value`` is absent where no record was named, where the formula is about other records, or where it reads what
    this reader may not see (``hidden``).
    """
    place = Place(asked.get("path"), asked["what"])
    world = World.of(session, identity)
    definition = _without(asked["definition"], place)
    try:
        form = parsed(key, definition)
        scope, wanted = _scope(form, {each: one.definition for each, one in world.forms.items()}, place)
        checked = _checked(asked["formula"], scope, wanted)
    except FormulaError as error:
        return {"problem": _problem(error)}
    except InvalidDefinition as error:
        first = error.issues[0] if error.issues else None
        words = sentence(first.code, first.params) if first else sentence(error.code, error.params)
        return {"problem": {"code": "elsewhere", "detail": words, "at": first.pointer if first else ""}}
    answer: Body = {"problem": None, "type": str(checked.type), "type_words": str(type_words(str(checked.type)))}
    if asked.get("record") is None or place.what in ("filter", "of") or _of_rollup(form, place):
        return answer
    return answer | _value(world, form, checked, place, asked["record"])


def _checked(text: str, scope: TypeScope, wanted: Type | None) -> Checked:
    checked = check(parse(text), scope)
    if wanted is not None and checked.type.kind not in (wanted.kind, "any", "blank"):
        raise FormulaError("formula_wrong_result", 0, len(text), expected=str(wanted), found=str(checked.type))
    return checked


def _problem(error: FormulaError) -> Body:
    return {
        "code": error.code,
        "detail": sentence(error.code, error.params),
        "position": error.position,
        "end": error.end,
        "suggestion": error.suggestion,
    }


def _scope(form: FormDef, world: Mapping[str, FormDef], place: Place) -> tuple[TypeScope, Type | None]:
    types = FormTypes({**world, form.key: form})
    wanted = LOGICAL if place.what in _LOGICAL else None
    field = form.find(place.path) if place.path else None
    if field is None or place.path is None:
        return types.scope(form), wanted
    table = place.path.partition(".")[0] if "." in place.path else None
    if place.what in _IN_CONFIG:
        for use in field.type.formulas(field.config):
            if use.name == place.what:
                return types.use_scope(form, table, use), _EXPECTED.get(use.expected)
    inside = field.key if field.fields and place.what == "rule" else table
    return types.scope(form, f"{form.key}.{inside}" if inside else None), wanted


def _of_rollup(form: FormDef, place: Place) -> bool:
    field = form.find(place.path) if place.path else None
    return field is not None and place.what == "where"


def _without(body: Any, place: Place) -> Any:
    """The draft with something plain where the formula stands, so that a half-written one is nobody's obstacle."""
    if not isinstance(body, dict) or place.path is None:
        return body
    table, _, column = place.path.partition(".")

    def plain(field: Any) -> Any:
        if not isinstance(field, dict):
            return field
        if place.what in _IN_CONFIG:
            return {**field, place.what: "TRUE" if place.what in _LOGICAL else "0"}
        name = "rules" if place.what == "rule" else place.what
        return {each: value for each, value in field.items() if each != name}

    def look(field: Any) -> Any:
        if not isinstance(field, dict) or field.get("key") != table:
            return field
        if not column:
            return plain(field)
        inside = field.get("fields")
        columns = inside if isinstance(inside, list) else []
        return {**field, "fields": [plain(one) if _key(one) == column else one for one in columns]}

    fields = body.get("fields")
    return {**body, "fields": [look(each) for each in fields]} if isinstance(fields, list) else body


def _key(field: Any) -> Any:
    return field.get("key") if isinstance(field, dict) else None


def _value(world: World, draft: FormDef, checked: Checked, place: Place, record_id: int) -> Body:
    """What the formula gives on a record that this reader may open, in its first row where it stands in a table."""
    try:
        view = services().records.view(world.session, services().forms, record_id, world.actor)
        forms = with_draft(world.forms, draft)
    except (NotFound, InvalidDefinition):
        return {}
    form: CompiledForm = forms[draft.key]
    if view.record.form != draft.key:
        return {}
    if not may_be_told(form, checked, reader_of(world, view.fields)):
        return {"hidden": True}
    own = facts_of(world.session, forms, world.context).fetch(draft.key, record_id)
    if own is None:
        return {}
    row: RecordValue | None = None
    if place.path and ("." in place.path or place.what == "rule"):
        rows = own.values.get(place.path.partition(".")[0])
        row = next((one for one in rows if isinstance(one, RecordValue)), None) if isinstance(rows, tuple) else None
    try:
        value = compile_formula(checked)(Env(own=own, row=row, context=world.context))
    except FormloomError:
        return {}
    if isinstance(value, ErrorValue):
        return {"value": {"error": value.code}}
    told = value.id if isinstance(value, RecordValue) else value
    return {"value": computed_json(told) if not isinstance(told, tuple) else f"{len(told)} ×"}
