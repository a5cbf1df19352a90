"""Views and roles as typed objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from formloom.errors import InvalidDefinition, Issue

from form_engine.definition.bounds import check_bounds
from form_engine.definition.look import Look, look_issues, read_look
from form_engine.definition.model import FormDef
from form_engine.definition.scope import FormTypes
from form_engine.definition.work import Work, read_work, work_issues
from form_engine.fields.base import ConfigError, Text
from form_engine.fields.expression import Formula, read_formula
from form_engine.formula import FormulaError
from form_engine.schemas import Checker, schema


@dataclass(frozen=True, slots=True)
class ViewDef:
    """Some records of a form, and how they are listed. Without `roles` everybody finds it who may read the form."""

    key: str
    title: Text
    form: str
    look: Look = field(default_factory=Look)
    where: Formula | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    icon: str | None = None
    work: Work | None = None
    """Where there is one, the view is a page of work."""


@dataclass(frozen=True, slots=True)
class RoleDef:
    """A group of people with a purpose; what it may do stands in the access of each form."""

    key: str
    title: Text
    description: Text | None = None


def parse_view(raw: object) -> ViewDef:
    """The view that `raw` describes. Raises InvalidDefinition with every issue, and nothing else."""
    read = _checked("view", raw)
    try:
        where = read_formula(read["where"], "/where") if "where" in read else None
    except ConfigError as error:
        raise InvalidDefinition("invalid_definition", issues=(error.issue,)) from None
    return ViewDef(
        key=read["key"],
        title=read["title"],
        form=read["form"],
        look=read_look(read),
        where=where,
        roles=frozenset(read.get("roles", ())),
        icon=read.get("icon"),
        work=read_work(read.get("work")),
    )


def check_view(view: ViewDef, world: Mapping[str, FormDef]) -> tuple[Issue, ...]:
    """What the view names that its form does not have, and a filter that does not fit. Whether it can become SQL
    is asked where SQL is made.
    """
    form = world.get(view.form)
    if form is None:
        return (Issue("/form", "unknown_form", {"form": view.form}),)
    types = FormTypes(world)
    issues = [*look_issues(view.look, form, types[form.key])]
    issues += work_issues(view.work, form, types[form.key]) if view.work is not None else ()
    if view.where is not None:
        try:
            found = types.check(view.where.node, types.scope(form)).type
        except FormulaError as error:
            issues.append(Issue(view.where.at, error.code, error.params))
        else:
            if found.kind not in ("logical", "any", "blank"):
                params = {"expected": "logical", "found": str(found)}
                issues.append(Issue(view.where.at, "formula_wrong_result", params))
    return tuple(issues)


def parse_role(raw: object) -> RoleDef:
    """The role that `raw` describes. Raises InvalidDefinition with every issue, and nothing else."""
    read = _checked("role", raw)
    return RoleDef(read["key"], read["title"], read.get("description"))


@cache
def _checker(kind: str) -> Checker:
    return Checker(schema(kind))


def _checked(kind: str, raw: object) -> Mapping[str, Any]:
    check_bounds(raw)
    issues = tuple(_checker(kind).issues(raw))
    if issues or not isinstance(raw, dict):
        raise InvalidDefinition("invalid_definition", issues=issues)
    return raw
