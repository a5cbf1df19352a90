"""Whether a form fits its world: what it names exists, what it promises can be kept.

Run at publish, before `compile_form`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from formloom.errors import Issue

from form_engine.definition.access import NOTHING, FieldAccess, Level
from form_engine.definition.bounds import distinct
from form_engine.definition.compile import FormCompiler, circle_issue
from form_engine.definition.guest import check_guest
from form_engine.definition.model import SYSTEM_NAMES, FieldDef, FormDef
from form_engine.definition.order import ordered
from form_engine.definition.page import check_page
from form_engine.definition.paths import Place
from form_engine.definition.reads import live_needs
from form_engine.definition.scope import FormTypes
from form_engine.slots import SLOTS


def check_form(form: FormDef, world: Mapping[str, FormDef]) -> tuple[Issue, ...]:
    """Everything that is wrong with the form among the other forms of the workspace. Roles are not known here."""
    compiler = FormCompiler(form, world)
    compiler.compile(version=0)
    found = [
        *_references(form, compiler.types.world),
        *compiler.issues,
        *_circles(form, compiler.types),
        *_columns(form),
        *_names(form),
        *_layout(form),
        *_indexes(form),
        *_former(form),
        *_unique(form),
        *_no_overlap(form),
        *_removal(form),
        *_access(form),
        *check_guest(form, _must_be_written),
        *check_page(form, compiler.types.world),
    ]
    return distinct(found)


def _references(form: FormDef, world: Mapping[str, FormDef]) -> Iterator[Issue]:
    """Dangling links and rollups."""
    for _, field in form.walk():
        for named in field.type.references(field.config):
            at = field.at + named.pointer
            key, _, table = named.form.partition(".")
            target = world.get(key)
            rows = target.by_key.get(table) if target is not None and table else None
            if target is None:
                yield Issue(at, "unknown_form", {"form": key})
            elif table and (rows is None or not rows.fields):
                yield Issue(at, "unknown_table", {"form": key, "table": table})
            elif named.field is not None:
                there = (rows or target).by_key.get(named.field)
                if there is None:
                    yield Issue(at, "unknown_field", {"field": named.field})
                elif named.links_to_owner and not _leads_to(there, form.key, single=named.single):
                    yield Issue(at, "not_a_link_to", {"field": named.field, "form": form.key})


def _leads_to(field: FieldDef, form: str, *, single: bool) -> bool:
    """Whether a field links to the form; a rollup counts a record once, so it wants a link to one."""
    several: bool = field.type.formula_type(field.config).is_list
    return field.type.points_to(field.config) == form and not (single and several)


def _circles(form: FormDef, types: FormTypes) -> Iterator[Issue]:
    """Computed fields that, perhaps by way of other forms, are computed from themselves."""
    roots = [Place(form.key, path) for path, field in form.walk() if field.computed]
    _, circles = ordered(roots, lambda place: live_needs(types, place))
    for circle in circles:
        mine = next((place for place in circle if place.form == form.key), None)
        if mine is not None:
            start = circle.index(mine)
            field = form.find(mine.path)
            yield circle_issue(field.at if field else "", circle[start:] + circle[:start])


def _columns(form: FormDef) -> Iterator[Issue]:
    """The default list and the title speak of fields that exist."""
    for at, path in enumerate(form.list_columns):
        if form.find(path) is None and path not in SYSTEM_NAMES:
            yield Issue(f"/list/{at}", "unknown_field", {"field": path})
    if isinstance(form.display, tuple):
        for at, key in enumerate(form.display):
            if key not in form.by_key and key not in SYSTEM_NAMES:
                yield Issue(f"/display/{at}", "unknown_field", {"field": key})


def _layout(form: FormDef) -> Iterator[Issue]:
    """A layout shows every field once: one that is left out would be a field that nobody can fill in."""
    shown: Counter[str] = Counter()
    for section in form.layout:
        for at, key in enumerate(section.elements):
            if not isinstance(key, str):
                continue
            shown[key] += 1
            if key not in form.by_key:
                yield Issue(f"{section.at}/items/{at}", "unknown_field", {"field": key})
            elif shown[key] == 2:
                yield Issue(f"{section.at}/items/{at}", "duplicate", {"field": key})
    if form.layout:
        yield from (Issue("/layout", "not_in_layout", {"field": key}) for key in form.by_key if not shown[key])


def _names(form: FormDef) -> Iterator[Issue]:
    """A field has a name in every language that it speaks: a blank one would be a control nobody can understand."""
    for _, field in form.walk():
        if isinstance(field.label, str):
            blank = [""] if not field.label.strip() else []
        else:
            blank = [f"/{locale}" for locale, words in field.label.items() if not words.strip()]
        yield from (Issue(f"{field.at}/label{end}", "required") for end in blank)


def _former(form: FormDef) -> Iterator[Issue]:
    """A former key is nobody's key now, and of one field only: else it would be open whose the old values are."""
    for siblings in (form.fields, *(field.fields for field in form.fields)):
        taken = {each.key for each in siblings}
        for field in siblings:
            for at, key in enumerate(field.was):
                if key in taken:
                    yield Issue(f"{field.at}/was/{at}", "duplicate_key", {"key": key})
                taken.add(key)


def _indexes(form: FormDef) -> Iterator[Issue]:
    used: Counter[str] = Counter()
    for path, field in form.walk():
        if not field.index:
            continue
        slot = field.type.slot_of(field.config)
        if "." in path or not field.type.may_index(field.config):
            yield Issue(f"{field.at}/index", "not_indexable", {"field": path})
        elif slot is not None:
            used[slot] += 1
            if used[slot] == len(SLOTS[slot]) + 1:
                yield Issue(f"{field.at}/index", "too_many_indexes", {"kind": slot, "max": len(SLOTS[slot])})


def _unique(form: FormDef) -> Iterator[Issue]:
    for group_at, group in enumerate(form.unique):
        for at, key in enumerate(group):
            field = form.by_key.get(key)
            if field is None:
                yield Issue(f"/unique/{group_at}/{at}", "unknown_field", {"field": key})
            elif not field.type.stored or field.type.slot_of(field.config) is None:
                yield Issue(f"/unique/{group_at}/{at}", "not_indexable", {"field": key})


_RANGES: Final = ("date", "timestamp", "decimal")


def _no_overlap(form: FormDef) -> Iterator[Issue]:
    """Keys can be compared; both ends are of one kind that has an order."""
    names: set[str] = set()
    for rule in form.no_overlap:
        if rule.name in names:
            yield Issue(rule.at, "duplicate", {"field": rule.name})
        names.add(rule.name)
        named = [(f"{rule.at}/key/{at}", key) for at, key in enumerate(rule.key)]
        if rule.since is not None:
            named.append((f"{rule.at}/since", rule.since))
        for at, key in (*named, (f"{rule.at}/from", rule.start), (f"{rule.at}/to", rule.end)):
            field = form.by_key.get(key)
            if field is None:
                yield Issue(at, "unknown_field", {"field": key})
            elif not field.type.stored or field.type.slot_of(field.config) is None:
                yield Issue(at, "not_indexable", {"field": key})
        start, end = form.by_key.get(rule.start), form.by_key.get(rule.end)
        if start is not None and end is not None:
            kind = start.type.slot_of(start.config)
            if start.type.name != end.type.name or kind not in _RANGES or start.type.refers is not None:
                yield Issue(f"{rule.at}/to", "not_a_range", {"from": rule.start, "to": rule.end})
        since = form.by_key.get(rule.since or "")
        if start is not None and since is not None and start.type.name != since.type.name:
            yield Issue(f"{rule.at}/since", "not_a_range", {"from": rule.since, "to": rule.end})


def _removal(form: FormDef) -> Iterator[Issue]:
    """A link that must be there cannot be cleared when its target goes."""
    for _, field in form.walk():
        must_be_there = field.required is True and field.type.points_to(field.config) is not None
        if must_be_there and field.type.on_delete(field.config, required=True) == "clear":
            yield Issue(f"{field.at}/on_delete", "clear_but_required", {"field": field.key})


def _access(form: FormDef) -> Iterator[Issue]:
    """Grants name fields that exist, and who may create a record may also write what it must have."""
    creators: dict[str, tuple[str, FieldAccess]] = {}
    naming = _naming_series(form)
    for rule in form.access:
        if naming is not None and "read" in rule.may and not rule.fields.may_read(naming.key):
            yield Issue(f"{rule.at}/fields/{naming.key}", "number_cannot_be_hidden", {"field": naming.key})
        for path in rule.fields.paths:
            if form.find(path) is None:
                yield Issue(f"{rule.at}/fields/{path}", "unknown_field", {"field": path})
        if "create" in rule.may:
            at, access = creators.get(rule.role, (rule.at, NOTHING))
            creators[rule.role] = at, access | rule.fields
    for role, (at, access) in creators.items():
        for path, field in form.walk():
            if _must_be_written(field) and _reachable(path, access) and access.of(path) is not Level.WRITE:
                yield Issue(at, "required_but_not_writable", {"field": path, "role": role})


def _naming_series(form: FormDef) -> FieldDef | None:
    """The series whose number names the records: every record shows it, so no role can be kept from it."""
    if form.number is not None:
        return None
    return next((field for field in form.fields if field.type.name == "number_series"), None)


def _must_be_written(field: FieldDef) -> bool:
    fills_itself = field.default is not None or field.type.initial(field.config) is not None
    return field.required is True and field.visible is None and not fills_itself


def _reachable(path: str, access: FieldAccess) -> bool:
    """A column is asked for only by who may add rows."""
    table, dot, _ = path.partition(".")
    return not dot or access.of(table) is Level.WRITE
