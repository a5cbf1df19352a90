"""A compiled form taken apart for validation, once: what to clean, convert, calculate, require and ask, as flat tuples.

A validation touches a hundred values in some tens of microseconds, so what can be decided per form is decided here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from form_engine.definition.compiled import CompiledField, CompiledForm, CompiledFormula, CompiledRule
from form_engine.fields.base import Cleaner, Finisher, Json, Suspects
from form_engine.formula import Env, Path, Value


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field or column."""

    key: str
    path: str
    clean: Cleaner
    suspects: Suspects
    to_value: Callable[[Json], Value]
    computed: bool
    initial: Json
    moves: Callable[[Json, Json], bool] | None
    starts: Collection[Json]
    """Where a new record may begin, if `moves` says how it goes on."""
    read: bool
    """Some formula reads it."""
    required: bool | Callable[[Env], Value]
    finisher: Finisher | None
    columns: "Columns | None"


@dataclass(frozen=True, slots=True)
class Columns:
    """The inside of a table."""

    source: str
    fields: Mapping[str, FieldPlan]
    stored: Mapping[str, FieldPlan]
    """The columns that may be sent."""
    blank: Mapping[str, Json]
    """A new row before anything was sent: a place for its id, and every stored column with its fixed default."""
    empty: Mapping[str, None]
    read: tuple[FieldPlan, ...]
    wanted: tuple[FieldPlan, ...]
    """Those that may be required or unfinished."""
    finishing: tuple[FieldPlan, ...]
    live: bool
    """Formulas look into the rows, so that they must become values."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to settle, in order: a default, whether it shows, a computed value."""

    field: FieldPlan
    table: str | None
    default: Callable[[Env], Value] | None
    to_json: Callable[[Any], object]
    visible: Callable[[Env], Value] | None
    value: Callable[[Env], Value] | None


@dataclass(frozen=True, slots=True)
class Question:
    """A rule in its place: the field or column that must be filled for it to be asked, the table whose rows it is
    asked of.
    """

    rule: CompiledRule
    key: str | None
    column: str | None
    table: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The form."""

    key: str
    fields: Mapping[str, FieldPlan]
    cleaners: Mapping[str, Cleaner]
    """Of the fields that may be sent and are no tables."""
    blank: Mapping[str, Json]
    """A new record before anything was sent: every stored field, with its fixed default."""
    empty: Mapping[str, None]
    guarded: tuple[FieldPlan, ...]
    wanted: tuple[FieldPlan, ...]
    """Those that may be required or unfinished."""
    plain: tuple[str, ...]
    """Of these, the keys of those that lack nothing once they have a value; `finishing` are the others."""
    finishing: tuple[FieldPlan, ...]
    read: tuple[FieldPlan, ...]
    rollups: tuple[tuple[str, Value], ...]
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]
    live: bool
    """Some formula must be evaluated at all."""


_PLANS: WeakKeyDictionary[CompiledForm, Plan] = WeakKeyDictionary()


def plan_of(form: CompiledForm) -> Plan:
    """The plan of a form, made at its first validation."""
    plan = _PLANS.get(form)
    if plan is None:
        plan = _PLANS[form] = _make(form)
    return plan


def _make(form: CompiledForm) -> Plan:
    read = _read_paths(form)
    fields = {field.key: _field(form, field, read) for field in form.fields}
    steps = tuple(_step(form, fields, path) for path in form.order if _has_step(form.by_path[path]))
    questions = tuple(_questions(form))
    rollups = tuple(
        (each.key, each.definition.type.nothing(each.definition.config)) for each in form.fields if _is_rollup(each)
    )
    wanted = tuple(plan for plan in fields.values() if _may_lack(plan))
    return Plan(
        key=form.key,
        fields=fields,
        cleaners={key: plan.clean for key, plan in fields.items() if not plan.computed and plan.columns is None},
        blank={key: plan.initial for key, plan in fields.items() if not plan.computed},
        empty={key: None for key, plan in fields.items() if not plan.computed},
        guarded=tuple(plan for plan in fields.values() if plan.moves is not None),
        wanted=wanted,
        plain=tuple(plan.key for plan in wanted if plan.finisher is None and plan.columns is None),
        finishing=tuple(plan for plan in wanted if plan.finisher is not None or plan.columns is not None),
        read=tuple(plan for plan in fields.values() if _is_seen(plan)),
        rollups=tuple(each for each in rollups if each[0] in read),
        steps=steps,
        questions=questions,
        live=bool(steps or questions) or any(callable(plan.required) for plan in _all(fields)),
    )


def _all(fields: Mapping[str, FieldPlan]) -> Iterator[FieldPlan]:
    for plan in fields.values():
        yield plan
        if plan.columns is not None:
            yield from plan.columns.fields.values()


def _field(form: CompiledForm, field: CompiledField, read: frozenset[str]) -> FieldPlan:
    kind, config = field.definition.type, field.definition.config
    fixed = None if field.default_formula is not None else field.default
    return FieldPlan(
        key=field.key,
        path=field.path,
        clean=field.clean,
        suspects=kind.suspects(config),
        to_value=field.value,
        computed=field.computed,
        initial=fixed if fixed is not None else kind.initial(config),  # type: ignore[arg-type]
        moves=kind.moves(config),
        starts=(kind.starts(config) or {}).keys(),
        read=field.path in read,
        required=field.required.run if isinstance(field.required, CompiledFormula) else field.required,
        finisher=kind.finisher(config),
        columns=_columns(form, field, read) if field.columns else None,
    )


def _columns(form: CompiledForm, table: CompiledField, read: frozenset[str]) -> Columns:
    fields = {column.key: _field(form, column, read) for column in table.columns}
    stored = [plan for plan in fields.values() if not plan.computed]
    asked = any(column.rules or _has_step(column) or callable(fields[column.key].required) for column in table.columns)
    return Columns(
        source=f"{form.key}.{table.key}",
        fields=fields,
        stored={plan.key: plan for plan in stored},
        blank={"id": None} | {plan.key: plan.initial for plan in stored},
        empty={plan.key: None for plan in stored},
        read=tuple(plan for plan in stored if plan.read),
        wanted=tuple(plan for plan in stored if _may_lack(plan)),
        finishing=tuple(plan for plan in stored if plan.finisher is not None),
        live=asked or table.path in read or any(rule.per_row for rule in table.rules),
    )


def _is_seen(plan: FieldPlan) -> bool:
    """Whether formulas need its value to be made from the document."""
    return plan.columns.live if plan.columns is not None else plan.read and not plan.computed


def _may_lack(plan: FieldPlan) -> bool:
    """Whether the submitted record must be asked for it."""
    inside = plan.columns is not None and bool(plan.columns.wanted)
    return not plan.computed and (plan.required is not False or plan.finisher is not None or inside)


def _has_step(field: CompiledField) -> bool:
    return field.visible is not None or field.default_formula is not None or "value" in field.formulas


def _is_rollup(field: CompiledField) -> bool:
    return field.computed and not field.definition.type.stored and "value" not in field.formulas


def _step(form: CompiledForm, fields: Mapping[str, FieldPlan], path: str) -> Step:
    key, dot, column = path.partition(".")
    plan, compiled = fields[key], form.by_path[path]
    if dot and plan.columns is not None:
        plan = plan.columns.fields[column]
    kind, config = compiled.definition.type, compiled.definition.config
    default, value = compiled.default_formula, compiled.formulas.get("value")
    return Step(
        field=plan,
        table=key if dot else None,
        default=default.run if default is not None else None,
        to_json=lambda result: kind.to_json(result, config),
        visible=compiled.visible.run if compiled.visible is not None else None,
        value=value.run if value is not None else None,
    )


def _questions(form: CompiledForm) -> Iterator[Question]:
    for field in form.fields:
        for rule in field.rules:
            yield Question(rule, field.key, None, field.key if rule.per_row else None)
        for column in field.columns:
            for rule in column.rules:
                yield Question(rule, field.key, column.key, field.key)
    for rule in form.rules:
        yield Question(rule, None, None, None)


def _read_paths(form: CompiledForm) -> frozenset[str]:
    """Every own path that some formula of the form reads when a record is validated."""
    found: set[str] = set()
    for path, field in form.walk():
        table = path.partition(".")[0]
        formulas = [field.visible, field.default_formula, field.formulas.get("value")]
        formulas += [field.required] if isinstance(field.required, CompiledFormula) else []
        formulas += [rule.holds for rule in field.rules]
        for each in formulas:
            if each is not None:
                found.update(_flat(each.checked.reads.own))
                found.update(f"{table}.{row[0]}" for row in each.checked.reads.row if row)
    for rule in form.rules:
        found.update(_flat(rule.holds.checked.reads.own))
    return frozenset(found)


def _flat(paths: frozenset[Path]) -> Iterator[str]:
    for path in paths:
        yield path[0]
        yield ".".join(path[:2])
