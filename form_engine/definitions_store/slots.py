"""Which field gets which typed slot. A slot once given stays, so that old records need no rewriting. Pure."""

from collections.abc import Iterator, Mapping

from formloom.errors import Issue

from form_engine.definition import FormDef
from form_engine.definition.compiled import slot_kind
from form_engine.definition.model import FieldDef
from form_engine.fields import LinkConfig
from form_engine.formula import Type
from form_engine.slots import SLOTS


def assign_slots(
    form: FormDef, existing: Mapping[str, str], types: Mapping[str, Type]
) -> tuple[dict[str, str], tuple[Issue, ...]]:
    """The slots that fields get now, besides `existing`, and an issue for each that asked for one and found none.

    Fields marked `index` come first; links and the columns of the list get one as long as there are some. What is
    computed gets one only where `index` says so: then it must be kept current. `types` are those of the form's fields.
    """
    free = {kind: [slot for slot in slots if slot not in existing.values()] for kind, slots in SLOTS.items()}
    given: dict[str, str] = {}
    issues: list[Issue] = []
    for field in _wanting(form):
        kind = slot_kind(field, types[field.key])
        if kind is None or field.key in given:
            continue
        held = existing.get(field.key)
        if held is not None and held in SLOTS[kind]:
            continue
        if free[kind]:
            given[field.key] = free[kind].pop(0)
        elif field.index:
            issues.append(Issue(f"{field.at}/index", "too_many_indexed", {"kind": kind, "limit": len(SLOTS[kind])}))
    return given, tuple(issues)


def _wanting(form: FormDef) -> Iterator[FieldDef]:
    yield from (field for field in form.fields if field.index)
    yield from (field for field in form.fields if isinstance(field.config, LinkConfig))
    listed = getattr(form, "list_columns", ())
    yield from (form.by_key[key] for key in listed if key in form.by_key and form.by_key[key].type.stored)
