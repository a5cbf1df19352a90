"""Forms as typed objects: read (`parse_form`), checked against the other forms (`check_form`), made ready
(`compile_form`).
"""

from form_engine.definition.access import NOTHING, READ_ALL, WRITE_ALL, FieldAccess, Level
from form_engine.definition.check import check_form
from form_engine.definition.compile import compile_form
from form_engine.definition.compiled import (
    CompiledAccess,
    CompiledField,
    CompiledForm,
    CompiledFormula,
    CompiledGuest,
    CompiledNoOverlap,
    CompiledPage,
    CompiledRule,
)
from form_engine.definition.guest import GuestDef, Limits
from form_engine.definition.look import Look, Sort
from form_engine.definition.model import SYSTEM_NAMES, AccessRule, FieldDef, FormDef, NoOverlap, Rule, Section
from form_engine.definition.page import PageDef, PageEvent, PageList, Source
from form_engine.definition.parse import parse_form
from form_engine.definition.views import RoleDef, ViewDef, check_view, parse_role, parse_view

__all__ = [
    "NOTHING",
    "READ_ALL",
    "SYSTEM_NAMES",
    "WRITE_ALL",
    "AccessRule",
    "CompiledAccess",
    "CompiledField",
    "CompiledForm",
    "CompiledFormula",
    "CompiledGuest",
    "CompiledNoOverlap",
    "CompiledPage",
    "CompiledRule",
    "FieldAccess",
    "FieldDef",
    "FormDef",
    "GuestDef",
    "Level",
    "Limits",
    "Look",
    "NoOverlap",
    "PageDef",
    "PageEvent",
    "PageList",
    "RoleDef",
    "Rule",
    "Section",
    "Sort",
    "Source",
    "ViewDef",
    "check_form",
    "check_view",
    "compile_form",
    "parse_form",
    "parse_role",
    "parse_view",
]
