"""What holds for every formula: no exception but FormulaError, bounded cost, bounded results."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_engine import formula
from form_engine.formula import (
    Call,
    Env,
    ErrorValue,
    FormulaError,
    Literal,
    Name,
    Node,
    Value,
    check,
    from_json,
    parse,
    to_text,
)
from form_engine.formula.functions import CALLABLE, FUNCTIONS
from form_engine.formula.limits import MAX_ITEMS, MAX_TEXT
from form_engine.formula.numbers import is_bounded
from tests import pace
from tests.form_engine.formula.random_formulas import RandomFormulas
from tests.form_engine.formula.test_agreement import without_currency
from tests.form_engine.formula.vectors import World

WORLD = World()
SCOPE = without_currency(WORLD.scope)
keys = st.text("abcx_合", min_size=1, max_size=3)
literals = st.one_of(
    st.decimals(0, 10**9, places=3, allow_nan=False).map(lambda number: Literal(number)),
    st.text(max_size=5).map(Literal),
    st.booleans().map(Literal),
)
names = st.builds(Name, st.sampled_from(["own", "row", "target"]), st.lists(keys, min_size=1, max_size=3).map(tuple))


def _calls(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    chain = st.sampled_from(["+", "-", "*", "/", "^", "&", "AND", "OR"])
    pair = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "IN"])
    return st.one_of(
        st.builds(Call, chain, st.lists(children, min_size=2, max_size=4).map(tuple)),
        st.builds(Call, pair, st.tuples(children, children)),
        st.builds(Call, st.sampled_from(["-", "%", "NOT"]), st.tuples(children)),
        st.builds(
            Call, st.sampled_from(sorted(CALLABLE - {"AND", "OR", "NOT"})), st.lists(children, max_size=3).map(tuple)
        ),
        st.builds(Call, st.just("LIST"), st.lists(children, max_size=3).map(tuple)),
    )


trees: st.SearchStrategy[Node] = st.recursive(st.one_of(literals, names), _calls, max_leaves=12)


@given(trees)
def test_printing_and_parsing_give_the_same_tree(tree: Node) -> None:
    text = to_text(tree)
    assert to_text(parse(text)) == text
    assert parse(text) == parse(to_text(parse(text)))


@given(st.text(max_size=60) | st.text(' ()+-*/^%&=<>{},."aA1eNOTrow\n', max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(FormulaError):
        parse(text)


@given(trees)
def test_any_tree_is_checked_or_refused(tree: Node) -> None:
    with contextlib.suppress(FormulaError):
        check(tree, SCOPE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(sorted(FUNCTIONS)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["n", "own", "row", "x"]), inner, max_size=2)
    ),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_a_tree_or_refused(tree: object) -> None:
    with contextlib.suppress(FormulaError):
        from_json(tree)


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(deadline=None)
def test_evaluating_never_raises_and_results_are_bounded(seed: int, depth: int) -> None:
    value = formula.compile(check(parse(RandomFormulas(seed).any(depth)), SCOPE))(WORLD.env)
    if isinstance(value, Decimal):
        assert is_bounded(value)
    if isinstance(value, str):
        assert len(value) <= MAX_TEXT


@given(trees)
def test_an_unchecked_tree_evaluates_to_a_value_too(tree: Node) -> None:
    """Types may be `any`; then the values alone decide, and what does not fit is an error value."""
    with contextlib.suppress(FormulaError):
        tree = from_json(formula.to_json(tree))
        formula.compile(tree)(WORLD.env)


@pytest.mark.parametrize(
    "text",
    [
        "SUBSTITUTE(big,\"a\",big)", "big&big&big", "TEXTJOIN(big,TRUE,many)", "CONCAT(big,big,big)", "LEN(big)",
        "COUNTIF(texts,\"*a*a*a*a*b\")", "SUM(many)", "UNIQUE(many)", "SORT(many)", "SUMPRODUCT(many,many)",
        "WORKDAY(DATE(2025,1,1),10000)", "NETWORKDAYS(DATE(1900,1,1),DATE(9999,12,31))", "99^99^99", "1.0000001^1E60",
        "ROUND(1E100,1E9)", "MOD(1E100,1E-100)", "SUM(too_many)", "MEDIAN(many)",
    ],
)  # fmt: skip
def test_costly_formulas_are_bounded(text: str) -> None:
    kinds = {"big": "text", "many": "list:number", "texts": "list:text", "too_many": "list:number"}
    scope = formula.TypeScope({key: formula.parse_type(kind) for key, kind in kinds.items()})
    many = tuple(Decimal(at) for at in range(MAX_ITEMS))
    values: dict[str, Value] = {"big": "a" * MAX_TEXT, "many": many, "texts": ("a" * MAX_TEXT,) * 10}
    values["too_many"] = (*many, Decimal(1))
    run = formula.compile(check(parse(text), scope))
    begun = process_time()
    value = run(Env(formula.RecordValue("x", 1, values)))
    assert process_time() - begun < pace.seconds(0.5)
    if text in ("SUM(too_many)", "big&big&big", "99^99^99"):
        assert isinstance(value, ErrorValue)


def test_a_closure_is_quick() -> None:
    """Far below what it reaches (see the bench), so that only a change of kind fails here."""
    run = formula.compile(check(parse("amount - discount > 0"), formula.TypeScope(
        {key: formula.parse_type("number:CNY") for key in ("amount", "discount")}
    )))  # fmt: skip
    env = Env(formula.RecordValue("x", 1, {"amount": Decimal("10.5"), "discount": Decimal(1)}))
    begun = process_time()
    for _ in range(50_000):
        run(env)
    assert process_time() - begun < pace.seconds(1 / 3)
