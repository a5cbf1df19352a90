"""A formula as SQL says what the evaluator says, for every record; what SQL cannot say exactly is refused."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from form_engine.formula import Env, check, parse
from form_engine.formula.compiler import compile_formula
from form_engine.models import Record
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.facts_sql import facts_of

ROWS: list[dict[str, Any]] = [
    {"code": "A", "amount": "0.00"},
    {"code": "B", "amount": "-3.10", "name": "x"},
    {"code": "C", "amount": "7.00", "name": "X", "opened": "2026-01-05"},
    {"code": "D", "amount": "7.00", "secret": "x", "opened": "2025-12-31"},
    {"code": "E", "amount": "1200.55", "name": "重庆", "secret": ""},
]

numbers = st.sampled_from(
    ["amount", "spent", "left", "claims", "0", "7", "-3.1", "amount + 1", "amount * 2 - left", "ROUND(amount, 1)",
     "ROUNDUP(amount, -1)", "INT(left)", "MOD(amount, 7)", "MOD(7, amount)", "amount%", "amount * left * amount",
     "IFERROR(MOD(amount * 3, amount), -1)", "LEN(name)", "FIND(\"x\", name)", "YEAR(opened)", "WEEKDAY(opened, 2)",
     "DAYS(TODAY(), opened)", 'DATEDIF(opened, TODAY(), "M")', 'DATEDIF(opened, DATE(2026, 3, 1), "MD")',
     "IFS(amount > 5, left, amount < 0, 1)", 'SWITCH(name, "x", 1, "重庆", amount, 2)', "SUM(amount, left, 1)",
     "COUNT(opened, amount)", "HOUR(created_at)", "DAY(created_at)", "FLOOR(amount, 0.5)", "CEILING(amount + 1)"]
)  # fmt: skip
texts = st.sampled_from(
    ["name", "secret", "code", '"x"', '""', "name & code", "whisper", "COALESCE(name, code)", "LEFT(name, 1)",
     "MID(name, amount, 2)", "RIGHT(code & name, 2)", "TRIM(name)", 'SUBSTITUTE(name, "x", code)', "amount & code",
     'CONCAT(opened, "-", amount > 1)']
)  # fmt: skip
dates = st.sampled_from(
    ["opened", "TODAY()", "DATE(2026, 1, 1)", "opened + 30", "opened - amount", "EDATE(opened, 1)",
     "EOMONTH(opened, amount)", "opened + amount * 1000000"]
)  # fmt: skip
orders = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def comparison(kind: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(kind, orders, kind).map(lambda one: f"({one[0]} {one[1]} {one[2]})")


leaves = st.one_of(
    comparison(numbers),
    comparison(texts),
    comparison(dates),
    st.one_of(numbers, texts, dates).map(lambda one: f"ISBLANK({one})"),
    st.one_of(numbers, texts, dates).map(lambda one: f"ISERROR({one})"),
    st.lists(texts, min_size=1, max_size=3).map(lambda many: "name IN (" + ", ".join(many) + ', "y")'),
    st.tuples(texts, texts).map(lambda two: f"CONTAINS({two[0]}, {two[1]})"),
    st.tuples(numbers, numbers).map(lambda two: f"MAX({two[0]}, {two[1]}) > MIN({two[0]}, 5)"),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT {one}"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} AND {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"),
        st.tuples(inner, inner, inner).map(lambda three: f"IF({three[0]}, {three[1]}, {three[2]})"),
    ),
    max_leaves=4,
)


def by_sql(office: Any, formula: str) -> list[str]:
    with office.work() as session:
        forms = office.forms.forms(session)
        node = check(parse(formula), forms["budget"].scope).node
        columns = FormColumns(forms, forms["budget"], evaluator(context_for(session, SYSTEM)))
        where = Translator(columns, columns.evaluate).condition(node)
        found = session.scalars(select(Record).where(Record.form == "budget", where))
        return sorted(record.data["code"] for record in found)


def by_evaluator(office: Any, formula: str, ids: list[int]) -> list[str]:
    with office.work() as session:
        forms = office.forms.forms(session)
        context = context_for(session, SYSTEM)
        facts = facts_of(session, forms, context)
        facts.want("budget", ids)
        run = compile_formula(check(parse(formula), forms["budget"].scope))
        records = [facts.fetch("budget", each) for each in ids]
        return sorted(
            str(record.values["code"]) for record in records if record and run(Env(own=record, context=context)) is True
        )


def fill(office: Any) -> list[int]:
    if not office.ids("budget"):
        ids = [office.create("budget", row).id for row in ROWS]
        lines = [{"budget": ids[4], "cost": "200.55"}, {"budget": ids[2], "cost": "7.00"}]
        claim = office.create("claim", {"subject": "x", "main": ids[1], "lines": lines})
        office.update(claim.id, {"state": "approved"})
    return sorted(office.ids("budget"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(formula=conditions)
def test_sql_and_evaluator_agree(office: Any, formula: str) -> None:
    ids = fill(office)
    assert by_sql(office, formula) == by_evaluator(office, formula, ids)


@pytest.mark.parametrize(
    "formula",
    [
        "amount / 3 > 1",
        "amount ^ 2 > 1",
        "AVERAGE(amount, 1) > 1",
        'UPPER(name) = "X"',
        "SQRT(amount) = 2",
        "ROUND(amount, amount) = 1",
        "CEILING(amount, -1) = 2",
        "WORKDAY(opened, 1) > TODAY()",
        "ISHOLIDAY(opened)",
        'TEXT(amount, "0.0") = "1.0"',
        'RMB(amount) = "零元整"',
        "MOD(spent, amount) = 1",
    ],
)
def test_what_sql_cannot_say_exactly_is_refused(office: Any, formula: str) -> None:
    with pytest.raises(NotInSql):
        by_sql(office, formula)


def test_what_reads_no_row_may_be_any_formula(office: Any) -> None:
    fill(office)
    assert by_sql(office, 'amount > SQRT(49) / 7 + LEN("ab")') == ["C", "D", "E"]
    assert by_sql(office, "amount > 1 / 0") == []
