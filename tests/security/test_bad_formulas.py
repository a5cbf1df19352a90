"""Hostile formulas and numbers (TRUST.md): an error value or a refusal, always within 100 ms of computing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from time import process_time
from typing import Any

import pytest

from form_engine.calendars import WorkingCalendar, parse_calendar
from form_engine.calendars.holidays import FIRST_YEAR, LAST_YEAR
from form_engine.formula import (
    Context,
    Env,
    ErrorValue,
    FormulaError,
    RecordValue,
    TypeScope,
    Value,
    check,
    from_json,
    parse,
    parse_type,
)
from form_engine.formula.compiler import compile_formula
from form_engine.formula.limits import MAX_ITEMS, MAX_TEXT
from tests import pace

SECONDS = 0.1
SCOPE = TypeScope({key: parse_type(kind) for key, kind in {
    "n": "number", "m": "number", "t": "text", "d": "date", "list": "list:number", "texts": "list:text",
}.items()})  # fmt: skip
CALENDAR = WorkingCalendar(
    parse_calendar({"kind": "calendar", "key": "c", "title": "C", "hours": {"mon": ["09:00-17:00"]}, "holidays": "CN"})
)
for year in range(FIRST_YEAR, LAST_YEAR + 1):
    CALENDAR.special(year)  # once a process, not once a formula

FORMULAS = [
    "9^9^9", "9^9^9^9^9^9^9", "99^99^99", "(-8)^(1/3)", "1.0000001^1E60", "1E+1000000", "1E99999999999", "0^0", "0^-1",
    "1E100*1E100", "1E-100*1E-100", "9" * 5_000, "0." + "0" * 5_000 + "1", "1" + "0" * 500, "1/3*3-1", "n/0",
    "MOD(1E100,3)",
    "(" * 10_000, "(" * 5_000 + "1" + ")" * 5_000, "{" * 5_000, "-" * 9_999 + "1", "+" * 9_000 + "n",
    "NOT " * 2_400 + "TRUE",
    "1" + "%" * 4_990, "1" + "+1" * 4_990, "n" + "+n" * 2_499, "n" + "*n" * 2_499, "2" + "^2" * 2_499,
    "n" + "-n*m" * 1_200,
    '"' * 9_999, '"' + "a" * 9_999, '"a"' + '&"a"' * 2_000, "a" * 10_000, "a." * 4_999 + "a",
    "IF(" * 60 + "1" + ",1)" * 60,
    "IF(" * 3_000, "IF(TRUE," * 2_000 + "1" + ")" * 2_000, "SUM(" + "1," * 4_000 + "1)", "{" + "1," * 4_900 + "1}",
    "n IN (" + "1," * 2_400 + "1)", "x" * 200 + "(1)", "SUMM(n)", "\x00", "n\u202e+1", "１+１", "n＋1", "٣+1", "1 2",
    ")", ",", "=1",
    "ROUND(n,1E9)", "ROUND(n,-1E9)", "ROUNDUP(1E-99,-1E9)", "CEILING(1E99,1E-99)", "FLOOR(1E100,3)", "SQRT(1E100)",
    "SQRT(-1)",
    "DATE(1E100,1,1)", "DATE(9999,12,1E9)", "EDATE(d,1E100)", "EOMONTH(d,-1E9)", "d+1E100", "d-1E30",
    'DATEDIF(d,d,"X")',
    "WORKDAY(d,10000)", "WORKDAY(d,1E100)", "WORKDAY(d,-10000)", "NETWORKDAYS(DATE(1900,1,1),DATE(9999,12,31))",
    "WORKDAY(d,10000,list)", "LEFT(t,1E100)", "MID(t,1E100,1E100)", "SUBSTITUTE(t,\"a\",t)", "t&t&t", "CONCAT(t,t)",
    'TEXTJOIN(t,TRUE,texts)', 'FIND("aaaaaaaaab",t)', 'COUNTIF(texts,"*a*a*a*a*a*a*a*b")',
    'COUNTIF(texts,"' + "?*" * 120 + '")',
    'TEXT(n,"' + "#" * 5_000 + '")', 'TEXT(d,"' + "y" * 5_000 + '")', "VALUE(t)", "RMB(1E99)", "RMB(1E-99)",
    "LEN(t)", "UPPER(t)",
    "SUM(list)", "SORT(list)", "UNIQUE(list)", "MEDIAN(list)", "SUMPRODUCT(list,list,list)", "AT(list,1E100)",
    "MAX(list)",
]  # fmt: skip
NUMBERS = [
    "NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "inf", "1e999", "1E+1000000", "1_000", "１２３", "٣", "0x10", "1e",
    "--1",
    "+-1", "1.2.3", "1,2", "12,34", "1 000", "", "-", ".", "9" * 5_000, "1e-999", "²", "½", "一", "1\x00", "1\n", "¥1",
]  # fmt: skip


def run(text: str) -> Value | FormulaError:
    long = "a" * MAX_TEXT
    values: dict[str, Value] = {
        "n": Decimal("1234567890123456.78"), "m": Decimal("1E-20"), "t": long, "d": date(2026, 3, 9),
        "list": tuple(Decimal(at) for at in range(MAX_ITEMS)), "texts": (long,) * 3,
    }  # fmt: skip
    try:
        compiled = compile_formula(check(parse(text), SCOPE))
    except FormulaError as refused:
        return refused
    return compiled(Env(RecordValue("x", 1, values), context=Context(calendar=CALENDAR)))


def quickest(work: Callable[[], object]) -> float:
    """The best of three, in seconds of the processor: a garbage collection is nobody's formula."""
    taken = []
    for _ in range(3):
        begun = process_time()
        work()
        taken.append(process_time() - begun)
    return min(taken)


@pytest.mark.parametrize("text", FORMULAS, ids=lambda text: text[:40])
def test_a_hostile_formula_is_answered_at_once(text: str) -> None:
    assert quickest(lambda: run(text)) < pace.seconds(SECONDS)


@pytest.mark.parametrize("text", ["9^9^9^9", "(" * 10_000, "1E+1000000"])
def test_the_three_of_the_design_are_errors(text: str) -> None:
    assert isinstance(run(text), ErrorValue | FormulaError)


@pytest.mark.parametrize("written", NUMBERS, ids=lambda text: repr(text[:20]))
def test_a_text_that_is_no_number_is_none(written: str) -> None:
    """One rule, for VALUE and criteria alike; nothing of Python's own reading shines through."""
    literal = '"' + written.replace('"', '""') + '"'
    assert isinstance(run(f"VALUE({literal})"), ErrorValue)
    assert run(f"COUNTIF(list,{literal})") in (Decimal(0), ErrorValue("#VALUE!")) or not written
    assert quickest(lambda: run(f"VALUE({literal})")) < pace.seconds(SECONDS)


def _nested(depth: int) -> Any:
    tree: Any = True
    for _ in range(depth):
        tree = ["NOT", tree]
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        _nested(900), ["SUM", *[{"n": "1"}] * 100_000], {"n": "9" * 10_000}, {"n": "1e999"}, {"n": "NaN"}, {"n": 1},
        {"own": []}, {"own": ["__class__"] * 1_000}, {"own": [1]}, {"row": "x"}, ["__import__", "os"], ["eval"], [],
        [[]], 1.5,
        {"n": "1", "own": ["a"]}, ["IF"], "a" * 100_000, {"target": ["a", ""]},
    ],
    ids=range(19),
)  # fmt: skip
def test_a_stored_tree_that_is_none_is_refused_at_once(tree: Any) -> None:
    def read() -> None:
        with pytest.raises(FormulaError):
            from_json(tree)

    assert quickest(read) < pace.seconds(SECONDS)


@pytest.mark.parametrize("key", ["__class__", "__init__", "values", "mro", "gi_frame", "__builtins__"])
def test_a_name_reaches_fields_and_nothing_else(key: str) -> None:
    """Arithmetic becomes a Python expression, but names are never part of its text."""
    scope = TypeScope({key: parse_type("number"), "n": parse_type("number")})
    compiled = compile_formula(check(from_json(["+", {"own": [key]}, {"own": ["n"]}]), scope))
    assert compiled(Env(RecordValue("x", 1, {key: Decimal(1), "n": Decimal(2)}))) == 3
    assert compiled(Env(RecordValue("x", 1, {"n": Decimal(2)}))) == 2
