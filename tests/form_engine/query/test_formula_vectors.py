"""Every shared vector that can be SQL gives in PostgreSQL what the evaluators give.

To PostgreSQL everything is a constant in most of them, and constants are the evaluator's business. So literals are made
into columns here: all of them, or (where a function wants a constant) only the first; or what the arguments give.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy import column, false, literal, select

from form_engine.formula import Call, Env, Literal, Name, Node, check, parse, walk
from form_engine.formula.compiler import compile_formula
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import Evaluator
from form_engine.query.formula_functions import CHOICES, OPERATIONS
from form_engine.query.formula_sql import Translator
from form_engine.query.sql_value import SQL_TYPES, Sql, constant
from tests.form_engine.formula.test_vectors import agrees
from tests.form_engine.formula.vectors import Case, World, cases, tagged

WORLD = World()
LEAST_RUN = 500
"""Fewer vectors than this in PostgreSQL would mean that something is no longer translated."""


@dataclass
class OneRow:
    """Columns of a row that is made for one formula: the values of its names, and of literals as `#1`, `#2` …"""

    env: Env
    root: str = "own"
    values: dict[str, Sql] = field(default_factory=dict)

    def of(self, name: Name) -> Sql | None:
        if name.root != "own":
            return None
        key = str(name)
        if key not in self.values:
            found = constant(compile_formula(name)(self.env))
            if found is None or found.is_error:
                raise NotInSql("not_in_sql", name)
            self.values[key] = found
        held = self.values[key]
        if held.kind not in SQL_TYPES:
            return held
        return replace(held, expression=column(key, SQL_TYPES[held.kind]), nullable=True)

    def sum_of(self, name: Name) -> Sql | None:
        return None

    def as_column(self, node: Node) -> Node:
        held = constant(compile_formula(node)(self.env))
        if held is None or held.is_error or isinstance(node, Name):
            return node
        key = f"#{len(self.values)}"
        self.values[key] = held
        return Name("own", (key,))


def everywhere(node: Node, change: Callable[[Node], Node]) -> Node:
    if isinstance(node, Call):
        return replace(node, args=tuple(everywhere(arg, change) for arg in node.args))
    return change(node)


def first_only(node: Node, change: Callable[[Node], Node]) -> Node:
    if isinstance(node, Call) and node.args:
        return replace(node, args=(first_only(node.args[0], change), *node.args[1:]))
    return change(node)


def arguments(node: Node, change: Callable[[Node], Node]) -> Node:
    """The arguments become columns with their values, where they can; a last one that is a literal stays as it is."""
    if not isinstance(node, Call):
        return node
    *others, last = node.args or (Literal(None),)
    return replace(node, args=(*map(change, others), last if isinstance(last, Literal) else change(last)))


def statements(case: Case) -> Iterator[tuple[str, Any, set[str]]]:
    """The formula as selects of (value, whether it is an error), with its kind and functions, as far as it can be."""
    resolved = check(parse(case.formula), WORLD.scope).node
    env = Env() if case.alone else WORLD.env
    seen: set[str] = set()
    for spread in (everywhere, first_only, arguments):
        row = OneRow(env)
        node = spread(resolved, row.as_column)
        translator = Translator(row, Evaluator(env))
        if translator.is_constant(node) or str(node) in seen:
            continue
        seen.add(str(node))
        try:
            found = translator.value(node)
        except NotInSql:
            continue
        cells = [held.expression.label(key) for key, held in row.values.items()]
        source = select(*cells, literal(1).label("#")).subquery("one_row")
        error = found.error if found.error is not None else false()
        functions = {each.function for each in walk(node) if isinstance(each, Call)}
        yield found.kind, select(found.expression, error).select_from(source), functions


Answer = Callable[[Any], tuple[Any, bool]]


@pytest.fixture
def answer(databases: Databases, workspace: int) -> Iterator[Answer]:
    with unit_of_work(databases, workspace) as session:
        yield lambda statement: tuple(session.execute(statement).one())


def test_postgresql_agrees_with_every_vector_that_it_can_run(answer: Answer) -> None:
    wrong, run = [], 0
    used: set[str] = set()
    for case in cases():
        for kind, statement, functions in statements(case):
            value, error = answer(statement)
            run += 1
            used |= functions
            if not fits(case, kind, value, error=error):
                wrong.append((case.formula, case.expected, value, error))
    assert wrong == []
    assert run >= LEAST_RUN
    assert OPERATIONS.keys() | CHOICES.keys() <= used


def fits(case: Case, kind: str, value: Any, *, error: bool) -> bool:
    if isinstance(case.expected, dict) and "error" in case.expected:
        return error and value is None
    if kind in ("person", "record"):
        return not error and (value is None) == (case.expected is None)
    return not error and agrees(tagged(value), case)


def test_numbers_are_rounded_to_the_digits_of_the_language(answer: Answer) -> None:
    for text in ("1234567890123456.78 * 98765432109876.54", "0.000123456789012345 * 0.123456789012345678",
                 "99999999999999999.9 * 99999999999999999.9", "-0.5 * 0.00000000000000001", "0 * 5"):  # fmt: skip
        case = Case(text, tagged(compile_formula(parse(text))(Env())), None, alone=True)
        for _, statement, _ in statements(case):
            value, error = answer(statement)
            assert not error
            assert agrees(tagged(Decimal(value)), case), text
