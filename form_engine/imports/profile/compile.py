"""`ImportProfile` + its form → closures over cells. Everything that can be wrong with it is found here, at publish."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import re2  # type: ignore[import-untyped]
from formloom.errors import InvalidDefinition, Issue

from form_engine.definition import CompiledForm, FieldDef, parse_form
from form_engine.fields.base import Cleaner, Coercer, FieldType, Note, Refused
from form_engine.fields.coercion import folded
from form_engine.fields.expression import Formula
from form_engine.formula import Env, FormulaError, Type, TypeScope, Value, check
from form_engine.formula.compiler import compile_formula
from form_engine.formula.types import TEXT
from form_engine.imports.errors import ROW_CODES
from form_engine.imports.profile.model import (
    Case,
    Codes,
    ColumnDef,
    Fixed,
    ImportProfile,
    MatchStep,
    Replace,
    Source,
)

Run = Callable[[Env], Value]
SYSTEM_TARGETS: Final = frozenset({"id", "number", "title"})
"""What a record may be found by besides its fields."""


@dataclass(frozen=True, slots=True)
class ReadySource:
    """A fixed stored value, or a formula whose result goes through the column's cleaner."""

    fixed: Any = None
    run: Run | None = None


Read = tuple[Any, tuple[Note, ...], Refused | None]
"""A stored value (None: blank), what was noticed, and why it could not be read."""

REMEMBERED: Final = 4_096


@dataclass(frozen=True, slots=True)
class Reading:
    """How text becomes a value of one type."""

    type: FieldType[Any]
    config: Any
    clean: Cleaner
    formula_type: Type

    read: Callable[[Any], "Read"]
    """Coerced and cleaned; what was read lately is remembered, because sheets repeat themselves."""

    def value(self, stored: Any) -> Value:
        return None if stored is None else self.type.to_value(stored, self.config)

    def raw(self, value: Any) -> object:
        """A formula's result as the cleaner takes it."""
        return self.type.to_json(value, self.config)


@dataclass(frozen=True, slots=True)
class ReadyCase:
    match: Callable[[str], Any]
    groups: Mapping[str, Reading]
    value: ReadySource | None
    set: Mapping[str, ReadySource]
    codes: Codes


@dataclass(frozen=True, slots=True)
class ReadyCheck:
    when: Run
    codes: Codes
    clear: bool


@dataclass(frozen=True, slots=True)
class ReadyColumn:
    """A column ready to read. `finds` is what its text names (record, person, department), which is looked up later."""

    definition: ColumnDef
    key: str
    to: str | None
    order: int
    reading: Reading
    finds: str | None
    target: str | None
    prepare: Callable[[str], str] | None
    values: Mapping[str, Any]
    cases: tuple[ReadyCase, ...]
    value: Run | None
    default: ReadySource | None
    checks: tuple[ReadyCheck, ...]
    steps: tuple[MatchStep, ...]

    @property
    def plain(self) -> bool:
        """Its cells are read as they stand, and nothing is worked out of them."""
        return not (self.prepare or self.values or self.cases or self.value is not None or self.default or self.checks)


@dataclass(frozen=True, slots=True)
class ReadyProfile:
    """A profile that fits its form. `by_field` tells which column fills a field; `plain`: all its columns are."""

    definition: ImportProfile
    form: CompiledForm
    columns: tuple[ReadyColumn, ...]
    by_key: Mapping[str, ReadyColumn]
    by_field: Mapping[str, ReadyColumn]
    filled: tuple[tuple[str, str], ...] = dataclass_field(init=False)
    plain: bool = dataclass_field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", all(column.plain for column in self.columns))
        pairs = tuple((field, column.key) for field, column in self.by_field.items())
        object.__setattr__(self, "filled", pairs)

    def values(self, clean: Mapping[str, Any]) -> dict[str, Any]:
        """By field of the form: what a row's columns give it; what is blank is left out."""
        get = clean.get
        return {field: value for field, key in self.filled if (value := get(key)) is not None}


def compile_profile(profile: ImportProfile, forms: Mapping[str, CompiledForm]) -> ReadyProfile:
    """Raises InvalidDefinition with every formula, pattern, type and name that does not fit."""
    form = forms.get(profile.form)
    if form is None:
        raise InvalidDefinition("invalid_definition", issues=(Issue("/form", "unknown_form", {"form": profile.form}),))
    work = _Compiler(profile, form, forms)
    columns = tuple(work.column(each, order) for order, each in enumerate(profile.columns))
    if work.issues:
        raise InvalidDefinition("invalid_definition", {"form": form.key}, tuple(work.issues))
    return ReadyProfile(
        profile,
        form,
        columns,
        MappingProxyType({each.key: each for each in columns}),
        MappingProxyType({each.to: each for each in columns if each.to is not None}),
    )


class _Compiler:
    def __init__(self, profile: ImportProfile, form: CompiledForm, forms: Mapping[str, CompiledForm]) -> None:
        self.profile, self.form, self.forms = profile, form, forms
        self.issues: list[Issue] = []
        self.readings: dict[str, Reading] = {}
        for column in profile.columns:
            self.readings[column.key] = self._reading(column)

    def column(self, column: ColumnDef, order: int) -> ReadyColumn:
        reading = self.readings[column.key]
        earlier = [each.key for each in self.profile.columns[:order]]
        finds = reading.type.refers if reading.type.refers in ("record", "person", "department") else None
        target = reading.type.points_to(reading.config)
        self._codes(column)
        return ReadyColumn(
            definition=column,
            key=column.key,
            to=column.to,
            order=order,
            reading=reading,
            finds=finds,
            target=target,
            prepare=self._prepare(column),
            values={_word(word): value for word, value in column.values.items()},
            cases=tuple(self._case(column, case, earlier) for case in column.cases),
            value=self._formula(column.value, earlier) if column.value is not None else None,
            default=self._source(column.default, reading, [*self.readings], f"{column.at}/default")
            if column.default is not None
            else None,
            checks=tuple(
                ReadyCheck(run, each.codes, each.clear)
                for each in column.checks
                if (run := self._formula(each.when, [*earlier, column.key], logical=True)) is not None
            ),
            steps=self._steps(column, target),
        )

    def _reading(self, column: ColumnDef) -> Reading:
        field = self.form.by_path.get(column.to) if column.to is not None else None
        definition: FieldDef | None = field.definition if field is not None else None
        if column.to is not None and (definition is None or "." in column.to):
            self.issues.append(Issue(f"{column.at}/to", "unknown_field", {"field": column.to}))
        elif definition is not None and (definition.computed or definition.fields or definition.type.refers == "file"):
            # Files are shown to whoever sees a record that holds them: an id in a sheet or a profile must not do that.
            self.issues.append(Issue(f"{column.at}/to", "not_importable", {"field": column.to}))
            definition = None
        if definition is None:
            definition = self._typed(column.typed or {"type": "text", "max_length": 20_000}, f"{column.at}/as")
        return self._read_by(definition, column)

    def _typed(self, typed: Mapping[str, Any], at: str) -> FieldDef:
        """A type with its config, checked as a field of a form would be."""
        try:
            made = parse_form(
                {"kind": "form", "key": "cell", "title": "-", "fields": [{**typed, "key": "cell", "label": "-"}]}
            )
        except InvalidDefinition as error:
            self.issues += [
                Issue(at + issue.pointer.removeprefix("/fields/0"), issue.code, issue.params) for issue in error.issues
            ]
            return self._typed({"type": "text"}, at)
        return made.fields[0]

    def _read_by(self, definition: FieldDef, column: ColumnDef) -> Reading:
        kind, config = definition.type, definition.config
        names = kind.refers in ("record", "person", "department")
        coerce, clean = kind.coercer(config, column.hints), kind.cleaner(config)
        return Reading(
            type=kind,
            config=config,
            clean=clean,
            formula_type=TEXT if names else kind.formula_type(config),
            read=lru_cache(REMEMBERED, typed=True)(_reader(coerce, None if names else clean)),
        )

    def _case(self, column: ColumnDef, case: Case, earlier: list[str]) -> ReadyCase:
        pattern = self._pattern(case.match, f"{case.at}/match")
        named = dict(pattern.groupindex) if pattern is not None else {}
        own = self.readings[column.key]
        groups = {
            name: self._read_by(self._typed(case.groups[name], f"{case.at}/groups/{name}"), column)
            if name in case.groups
            else own
            for name in named
        }
        types = {name: reading.formula_type for name, reading in groups.items()}
        return ReadyCase(
            match=pattern.fullmatch if pattern is not None else lambda text: None,
            groups=groups,
            value=self._source(case.value, own, earlier, f"{case.at}/value", types) if case.value is not None else None,
            set={
                key: self._source(source, self.readings[key], earlier, f"{case.at}/set/{key}", types)
                for key, source in case.set.items()
            },
            codes=case.codes,
        )

    def _source(
        self, source: Source, reading: Reading, names: list[str], at: str, extra: Mapping[str, Type] | None = None
    ) -> ReadySource:
        if isinstance(source, Fixed):
            fixed = reading.clean(source.value) if source.value is not None else None
            if isinstance(fixed, Refused) and reading.formula_type is not TEXT:
                self.issues += [Issue(at, issue.code, issue.params) for issue in fixed.issues]
            return ReadySource(fixed=None if isinstance(fixed, Refused) else fixed)
        return ReadySource(run=self._formula(source, names, extra))

    def _formula(
        self, formula: Formula, names: list[str], extra: Mapping[str, Type] | None = None, *, logical: bool = False
    ) -> Run | None:
        own = {name: self.readings[name].formula_type for name in names} | dict(extra or {})
        try:
            checked = check(formula.node, TypeScope(own=own))
        except FormulaError as error:
            self.issues.append(Issue(formula.at, error.code, error.params))
            return None
        if logical and checked.type.kind not in ("logical", "any", "blank"):
            params = {"expected": "logical", "found": str(checked.type)}
            self.issues.append(Issue(formula.at, "formula_wrong_result", params))
            return None
        return compile_formula(checked)

    def _prepare(self, column: ColumnDef) -> Callable[[str], str] | None:
        steps: list[Callable[[str], str]] = []
        for each in column.text:
            if isinstance(each, Replace):
                pattern = self._pattern(each.pattern, each.at)
                if pattern is not None:
                    steps.append(_replacer(pattern, each.by))
            else:
                steps.append(_TEXT_STEPS[each])
        if not steps:
            return None

        def prepare(text: str) -> str:
            for step in steps:
                text = step(text)
            return text

        return prepare

    def _pattern(self, pattern: str, at: str) -> Any:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 20
        try:
            return re2.compile(pattern, options=options)
        except re2.error:
            self.issues.append(Issue(at, "bad_pattern"))
            return None

    def _steps(self, column: ColumnDef, target: str | None) -> tuple[MatchStep, ...]:
        """The declared steps; else by every unique field of the other form, its number, and its title."""
        form = self.forms.get(target or "")
        if form is None:
            if column.match:
                self.issues.append(Issue(f"{column.at}/match", "not_a_link"))
            return ()
        for step in column.match:
            named = [(f"{step.at}/by/{field}", field) for field in step.by]
            named += [(f"{step.at}/like/field", step.like.field)] if step.like else []
            self.issues += [
                Issue(at, "unknown_field", {"field": field})
                for at, field in named
                if field not in SYSTEM_TARGETS and field not in form.definition.by_key
            ]
        if column.match:
            return column.match
        alone = [group[0] for group in form.definition.unique if len(group) == 1]
        fields = [*alone, *(["number"] if form.definition.number else []), "title"]
        return tuple(MatchStep({field: column.key}, None, ()) for field in fields)

    def _codes(self, column: ColumnDef) -> None:
        """Every code that is raised must be one of the profile's own, so that it has words."""
        used = [*column.blank, *column.unmatched, *column.ambiguous]
        used += [code for codes in (*column.notes.values(), *column.refused.values()) for code in codes]
        used += [code for case in column.cases for code in case.codes]
        used += [code for check_ in column.checks for code in check_.codes]
        used += [code for step in column.match for code in step.codes]
        self.issues += [
            Issue(column.at, "unknown_code", {"code": code})
            for code in dict.fromkeys(used)
            if code not in self.profile.codes and code not in BUILT_IN
        ]


BUILT_IN: Final = frozenset({*ROW_CODES, "formula_failed", "required"})
"""Codes that every profile may use without bringing them along."""


def _reader(coerce: Coercer, clean: Cleaner | None) -> Callable[[Any], Read]:
    """A cell in, as far as the type itself can say; names of records and people stay text (`clean` None)."""

    def read(cell: Any) -> Read:
        coerced = coerce(cell)
        if type(coerced) is Refused:
            return None, (), coerced
        value: Any = coerced.value
        notes: tuple[Note, ...] = coerced.notes
        if value is None or clean is None:
            return value, notes, None
        stored = clean(value)
        return (None, notes, stored) if type(stored) is Refused else (stored, notes, None)

    return read


def _word(text: str) -> str:
    return folded(text).casefold()


def _replacer(pattern: Any, by: str) -> Callable[[str], str]:
    return lambda text: str(pattern.sub(by, text))


_TEXT_STEPS: Final[Mapping[str, Callable[[str], str]]] = {
    "narrow": folded,
    "upper": str.upper,
    "lower": str.lower,
    "squeeze": lambda text: "".join(text.split()),
    "digits": lambda text: "".join(character for character in folded(text) if character in "0123456789"),
}
