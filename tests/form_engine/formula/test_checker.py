"""Types before values: what a formula is, what it reads, and why it is refused."""

from __future__ import annotations

import pytest

from form_engine.formula import FormulaError, Reads, TypeScope, check, parse, parse_type, to_text
from tests.form_engine.formula.vectors import World

SCOPE = World().scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount - SUM(lines.applied)", "number:CNY"),
        ("amount * rate", "number:CNY"),
        ("amount / amount", "number"),
        ("amount / 3", "number:CNY"),
        ("ROUND(amount, 0)", "number:CNY"),
        ("amount + 1", "number:CNY"),
        ("paid_on + 30", "date"),
        ("30 + paid_on", "date"),
        ("paid_on - TODAY()", "number"),
        ("paid_on - 1 - TODAY()", "number"),
        ("moment - NOW()", "duration"),
        ("moment + length", "datetime"),
        ("length / length", "number"),
        ("name & amount", "text"),
        ("contract.customer.name", "text"),
        ("lines.applied", "list:number:CNY"),
        ("lines.bill.contract.customer.name", "list:text"),
        ("FILTER(lines, row.applied > 0)", "list:record:payment.lines"),
        ("FILTER(lines.bill, row.applied > 0)", "list:record:bill"),
        ("FIRST(lines)", "record:payment.lines"),
        ("MIN(paid_on, TODAY())", "date"),
        ("IF(done, 1, amount)", "number:CNY"),
        ("IF(done, 1)", "any"),
        ("IF(done, TRUE)", "logical"),
        ("SWITCH(name, \"a\", paid_on, no_date)", "date"),
        ("COALESCE(no_date, TODAY())", "date"),
        ("SORT(tags)", "list:text"),
        ("{1, amount}", "list:number:CNY"),
        ("{}", "list:any"),
        ("ME() = creator", "logical"),
        ("target.contract = contract", "logical"),
    ],
)  # fmt: skip
def test_the_type_of_a_formula(text: str, expected: str) -> None:
    assert str(check(parse(text), SCOPE).type) == expected


@pytest.mark.parametrize(
    ("text", "code", "position", "suggestion"),
    [
        ("amont * 2", "formula_unknown_name", 0, "amount"),
        ("1 + contract.custmer.name", "formula_unknown_name", 4, "customer"),
        ("bill.outstanding", "formula_unknown_name", 0, None),
        ("amount.value", "formula_not_a_record", 0, None),
        ("contract.number.x", "formula_not_a_record", 0, None),
        ("1 + ROUN(2)", "formula_unknown_function", 4, "ROUND"),
        ("OPEN(name)", "formula_unknown_function", 0, None),
        ("ROUND(1, 2, 3)", "formula_argument_count", 0, None),
        ("IFS(done, 1, TRUE)", "formula_argument_count", 0, None),
        ("TODAY(1)", "formula_argument_count", 0, None),
        ("AND()", "formula_argument_count", 0, None),
        ("name + 1", "formula_types_differ", 0, None),
        ("name = 1", "formula_types_differ", 0, None),
        ("paid_on = moment", "formula_types_differ", 0, None),
        ("contract = target", "formula_types_differ", 0, None),
        ("paid_on + paid_on", "formula_types_differ", 0, None),
        ("1 - paid_on", "formula_types_differ", 0, None),
        ("1 IN tags", "formula_types_differ", 0, None),
        ("tags = tags", "formula_types_differ", 0, None),
        ("IF(done, 1, name)", "formula_types_differ", 0, None),
        ("amount + dollars", "formula_currencies_differ", 0, None),
        ("amount > dollars", "formula_currencies_differ", 0, None),
        ("SUM(amount, dollars)", "formula_currencies_differ", 0, None),
        ("YEAR(name)", "formula_type", 5, None),
        ("SUM(tags)", "formula_type", 4, None),
        ("UPPER(tags)", "formula_type", 6, None),
        ("contract > contract", "formula_type", 0, None),
        ("IF(name, 1, 2)", "formula_type", 3, None),
        ("FILTER(tags, TRUE)", "formula_needs_table", 7, None),
        ("FILTER(lines, row.appled > 0)", "formula_unknown_name", 14, "applied"),
    ],
)
def test_why_a_formula_is_refused(text: str, code: str, position: int, suggestion: str | None) -> None:
    with pytest.raises(FormulaError) as refused:
        check(parse(text), SCOPE)
    error = refused.value
    assert (error.code, error.position, error.suggestion) == (code, position, suggestion)


def test_row_and_target_exist_only_where_they_are_given() -> None:
    plain = TypeScope({"amount": parse_type("number")})
    with pytest.raises(FormulaError, match="formula_no_row"):
        check(parse("row.amount"), plain)
    with pytest.raises(FormulaError, match="formula_no_target"):
        check(parse("target.amount"), plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 1", Reads()),
        ("amount - rate", Reads(own=frozenset({("amount",), ("rate",)}))),
        ("row.bill.outstanding", Reads(row=frozenset({("bill", "outstanding")}))),
        ("target.contract = contract", Reads(own=frozenset({("contract",)}), target=frozenset({("contract",)}))),
        (
            'SUM(FILTER(lines.applied, row.kind = "rent"))',
            Reads(own=frozenset({("lines",), ("lines", "applied"), ("lines", "kind")})),
        ),
        (
            "FIRST(FILTER(SORT(lines.bill), row.outstanding > 0))",
            Reads(own=frozenset({("lines", "bill"), ("lines", "bill", "outstanding")})),
        ),
    ],
)
def test_what_a_formula_reads(text: str, expected: Reads) -> None:
    assert check(parse(text), SCOPE).reads == expected


def test_reads_name_the_fields_to_compute_first_and_the_paths_to_load() -> None:
    checked = check(parse("amount - SUM(lines.applied) + contract.rent"), SCOPE)
    assert checked.reads.names == {"amount", "lines", "contract"}
    assert checked.reads.paths == {("lines", "applied"), ("contract", "rent")}
    assert checked.functions == {"+", "-", "SUM"}


def test_a_constant_depends_on_nothing() -> None:
    assert check(parse("DATE(2026, 1, 1) + 7"), SCOPE).constant
    assert not check(parse("TODAY() + 7"), SCOPE).constant
    assert not check(parse("amount"), SCOPE).constant


def test_dates_and_filters_are_resolved() -> None:
    resolved = {
        "30 + paid_on": "paid_on + 30",
        "FILTER(lines.applied, done)": "FILTER(lines, done, row.applied)",
        "FILTER(lines, done)": "FILTER(lines, done)",
    }
    for text, shown in resolved.items():
        assert to_text(check(parse(text), SCOPE).node) == shown
