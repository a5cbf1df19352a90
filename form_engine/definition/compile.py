"""`FormDef` → `CompiledForm`: every formula checked in its place and turned into a closure, fields put in order."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from formloom.errors import InvalidDefinition, Issue

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
from form_engine.definition.guest import Fixed, GuestDef
from form_engine.definition.model import SYSTEM_NAMES, FieldDef, FormDef, NoOverlap, Rule
from form_engine.definition.order import ordered
from form_engine.definition.page import PageDef
from form_engine.definition.reads import evaluation_needs, local_reads
from form_engine.definition.scope import FormTypes
from form_engine.fields.base import Json
from form_engine.fields.expression import Expected, Formula
from form_engine.formula import FormulaError, Type, TypeScope
from form_engine.formula.compiler import compile_formula
from form_engine.formula.types import ANY, LOGICAL, NUMBER, TEXT

_EXPECTED: Mapping[Expected, Type | None] = {"logical": LOGICAL, "number": NUMBER, "text": TEXT, "any": None}
UNSETTLED_FUNCTIONS = frozenset(
    {"TODAY", "NOW", "ME", "INITIATOR", "HASROLE", "MANAGER", "DEPARTMENT", "WORKDAY", "NETWORKDAYS", "ISHOLIDAY"}
)
"""What hangs on the clock, the reader or the house: nothing tells when it changes, so it is never stored."""


def compile_form(form: FormDef, world: Mapping[str, FormDef], version: int = 0) -> CompiledForm:
    """The form ready for work. `world` are the forms that it may speak of, by key.

    Raises InvalidDefinition with every formula that does not fit its place, and every circle. What else may be wrong
    with a form, `check_form` says.
    """
    compiler = FormCompiler(form, world)
    compiled = compiler.compile(version)
    if compiler.issues or compiled is None:
        raise InvalidDefinition("invalid_definition", {"form": form.key}, tuple(compiler.issues))
    return compiled


class FormCompiler:
    """One compilation. Goes on past what is wrong, so that `issues` tells everything."""

    def __init__(self, form: FormDef, world: Mapping[str, FormDef]) -> None:
        self.form = form
        self.types = FormTypes({**world, form.key: form})
        self.issues: list[Issue] = []
        self._looks_beyond: dict[str, bool] = {}

    def compile(self, version: int) -> CompiledForm | None:
        """The compiled form, or None where a circle leaves no order."""
        form, own = self.form, self.types.scope(self.form)
        fields = tuple(self._field(each, None) for each in form.fields)
        by_path = {found.path: found for field in fields for found in (field, *field.columns)}
        needs = evaluation_needs(form, by_path)
        order, circles = ordered(by_path, lambda path: needs.get(path, ()))
        for circle in circles:
            self.issues.append(circle_issue(by_path[circle[0]].definition.at, circle))
        if circles:
            return None
        hangs_on = _closure(order, needs)
        return CompiledForm(
            definition=form,
            version=version,
            fields=tuple(self._with_needs(field, hangs_on) for field in fields),
            order=tuple(order),
            rules=tuple(self._rule_needs(rule, None, hangs_on) for rule in self._rules(form.rules, own, None)),
            access=tuple(
                CompiledAccess(each.role, each.may, self._optional(each.where, own, "logical"), each.fields)
                for each in form.access
            ),
            display=form.display if isinstance(form.display, tuple) else self._optional(form.display, own, "any") or (),
            scope=own,
            no_overlap=tuple(self._no_overlap(each, own, hangs_on) for each in form.no_overlap),
            guest=self._guest(form.guest, own) if form.guest is not None else None,
            page=self._page(form.page) if form.page is not None else None,
        )

    def _field(self, field: FieldDef, table: str | None) -> CompiledField:
        path = f"{table}.{field.key}" if table else field.key
        scope = self.types.scope(self.form, f"{self.form.key}.{table}" if table else None)
        inside = self.types.scope(self.form, f"{self.form.key}.{field.key}") if field.fields else scope
        formulas = {}
        for use in field.type.formulas(field.config):
            place = Formula(use.formula.text, use.formula.node, field.at + use.formula.at)
            found = self._formula(place, self.types.use_scope(self.form, table, use), use.expected)
            if found is not None:
                formulas[use.name] = found
        kind = self._type(field, path)
        return CompiledField(
            path=path,
            definition=field,
            clean=field.type.cleaner(field.config),
            type=kind,
            required=self._optional(field.required, scope, "logical") or False
            if isinstance(field.required, Formula)
            else field.required,
            visible=self._optional(field.visible, scope, "logical"),
            default=self._default(field, scope, kind),
            rules=self._rules(field.rules, inside, table or (field.key if field.fields else None), bool(table)),
            formulas=MappingProxyType(formulas),
            columns=tuple(self._field(column, field.key) for column in field.fields),
        )

    def _type(self, field: FieldDef, path: str) -> Type:
        if not field.type.in_formulas:
            kind: Type = field.type.formula_type(field.config)
            return kind
        source, _, column = path.rpartition(".")
        fields = self.types[f"{self.form.key}.{source}" if source else self.form.key]
        return fields[column if source else field.key]

    def _default(self, field: FieldDef, scope: TypeScope, kind: Type) -> CompiledFormula | Json:
        if not isinstance(field.default, Formula):
            return field.default
        found = self._optional(field.default, scope, "any")
        if found is not None and not _fits(found.checked.type, kind):
            self._wrong_result(field.default.at, kind, found.checked.type)
        return found

    def _rules(
        self, rules: tuple[Rule, ...], scope: TypeScope, table: str | None, in_column: bool = False
    ) -> tuple[CompiledRule, ...]:
        found = ((self._formula(rule.holds, scope, "logical"), rule) for rule in rules)
        return tuple(
            CompiledRule(holds, rule.message, in_column or (table is not None and bool(holds.checked.reads.row)))
            for holds, rule in found
            if holds is not None
        )

    def _optional(self, formula: Formula | None, scope: TypeScope, expected: Expected) -> CompiledFormula | None:
        return self._formula(formula, scope, expected) if formula is not None else None

    def _formula(self, formula: Formula, scope: TypeScope, expected: Expected) -> CompiledFormula | None:
        try:
            checked = self.types.check(formula.node, scope)
        except FormulaError as error:
            self.issues.append(Issue(formula.at, error.code, error.params))
            return None
        wanted = _EXPECTED[expected]
        if wanted is not None and not _fits(checked.type, wanted):
            self._wrong_result(formula.at, wanted, checked.type)
            return None
        return CompiledFormula(formula.text, checked, compile_formula(checked), formula.at)

    def _wrong_result(self, at: str, wanted: Type, found: Type) -> None:
        self.issues.append(Issue(at, "formula_wrong_result", {"expected": str(wanted), "found": str(found)}))

    def _with_needs(self, field: CompiledField, hangs_on: Mapping[str, frozenset[str]]) -> CompiledField:
        """The same field, knowing on what it and its rules hang."""
        table = field.path.partition(".")[0] if "." in field.path or field.columns else None
        return replace(
            field,
            rules=tuple(self._rule_needs(rule, table, hangs_on) for rule in field.rules),
            columns=tuple(self._with_needs(column, hangs_on) for column in field.columns),
            settled=self._settled(field, hangs_on),
        )

    def _rule_needs(
        self, rule: CompiledRule, table: str | None, hangs_on: Mapping[str, frozenset[str]]
    ) -> CompiledRule:
        read = [*local_reads(self.form, table, rule.holds.checked.reads), *([table] if table else [])]
        return replace(rule, needs=_top(frozenset(read).union(*(hangs_on[path] for path in read))))

    def _guest(self, guest: GuestDef, own: TypeScope) -> CompiledGuest:
        about = {key: self._fixed(each.fixed, f"/guest/about/{key}/set", own) for key, each in guest.about.items()}
        return CompiledGuest(guest, self._fixed(guest.fixed, "/guest/set", own), MappingProxyType(about))

    def _page(self, page: PageDef) -> CompiledPage:
        found = {}
        for each in page.sources:
            if each.where is None or each.form not in self.types.world:
                continue
            where = self._formula(each.where, self.types.scope(self.form, target=each.form), "logical")
            if where is not None:
                found[each.at] = where
        return CompiledPage(page, MappingProxyType(found))

    def _fixed(self, values: Fixed, at: str, own: TypeScope) -> Mapping[str, CompiledFormula | Json]:
        """Values that a link brings, each fitting its field."""
        found: dict[str, CompiledFormula | Json] = {}
        for key, value in values.items():
            field = self.form.by_key.get(key)
            if not isinstance(value, Formula):
                clean = field.type.clean(value, field.config, f"{at}/{key}") if field is not None else value
                self.issues.extend(clean if isinstance(clean, tuple) else ())
                found[key] = value
            elif (made := self._optional(value, own, "any")) is not None:
                if field is not None and not _fits(made.checked.type, kind := self._type(field, key)):
                    self._wrong_result(value.at, kind, made.checked.type)
                found[key] = made
        return MappingProxyType(found)

    def _no_overlap(self, rule: NoOverlap, own: TypeScope, hangs_on: Mapping[str, frozenset[str]]) -> CompiledNoOverlap:
        """The range stands beside the record until that is written again, so its condition may read nothing else."""
        when = self._optional(rule.when, own, "logical")
        read: set[str] = set()
        if when is not None:
            read = set(local_reads(self.form, None, when.checked.reads))
            read = read.union(*(hangs_on[path] for path in read))
            alone = self._own_only(when.checked.reads.own, "") and not when.checked.functions & UNSETTLED_FUNCTIONS
            if not alone or any(self._unsettling(path) for path in read):
                self.issues.append(Issue(when.at, "no_overlap_reads_elsewhere"))
        start = self.form.by_key.get(rule.start)
        dates = start is not None and start.type.name == "date"
        included = rule.included if rule.included is not None else dates
        return CompiledNoOverlap(rule, when, included, _top(frozenset({*rule.fields, *read})))

    def _settled(self, field: CompiledField, hangs_on: Mapping[str, frozenset[str]]) -> bool:
        return not any(self._unsettling(path) for path in {field.path, *hangs_on[field.path]})

    def _unsettling(self, path: str) -> bool:
        known = self._looks_beyond.get(path)
        if known is None:
            known = self._looks_beyond[path] = self._find_unsettling(path)
        return known

    def _find_unsettling(self, path: str) -> bool:
        """Whether this field itself looks beyond the record: through a link, into other records, at the clock or the
        reader.
        """
        field = self.form.find(path)
        if field is None or not field.computed:
            return False
        if "value" not in {use.name for use in field.type.formulas(field.config)}:
            return True
        table = path.partition(".")[0] if "." in path else None
        for use in field.type.formulas(field.config):
            try:
                checked = self.types.check(use.formula.node, self.types.use_scope(self.form, table, use))
            except FormulaError:
                return True
            own = self._own_only(checked.reads.own, "") and self._own_only(checked.reads.row, f"{table}.")
            if not own or checked.functions & UNSETTLED_FUNCTIONS:
                return True
        return False

    def _own_only(self, paths: frozenset[tuple[str, ...]], prefix: str) -> bool:
        for first, *rest in (path for path in paths if path):
            field = self.form.find(prefix + first)
            if first in SYSTEM_NAMES or (rest and (field is None or not field.fields or len(rest) > 1)):
                return False
        return True


def circle_issue(at: str, circle: tuple[object, ...]) -> Issue:
    """A circle of fields, named all the way round."""
    return Issue(at, "formula_cycle", {"cycle": [str(each) for each in (*circle, circle[0])]})


def _fits(found: Type, wanted: Type) -> bool:
    """Whether a result may stand where `wanted` is needed.

    A bare number may become money; one currency never another.
    """
    if ANY.kind in (found.kind, wanted.kind) or found.kind == "blank":
        return True
    if found.kind == "record" or wanted.kind == "record":
        return found == wanted
    if found.kind == "list" and wanted.kind == "list":
        return _fits(found.item, wanted.item)
    return found.kind == wanted.kind and (not (found.currency and wanted.currency) or found.currency == wanted.currency)


def _closure(order: list[str], needs: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """By path: everything that it hangs on, at any remove. `order` has needs first, so one pass does."""
    hangs_on: dict[str, frozenset[str]] = {}
    for path in order:
        direct = needs.get(path, ())
        hangs_on[path] = frozenset(direct).union(*(hangs_on.get(each, frozenset()) for each in direct))
    return hangs_on


def _top(paths: frozenset[str]) -> frozenset[str]:
    return frozenset(path.partition(".")[0] for path in paths)
