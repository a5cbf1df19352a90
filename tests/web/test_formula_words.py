"""What is wrong with a formula is told in words, not in the types of the checker."""

from collections.abc import Mapping

import pytest
from flask import Flask
from flask_babel import force_locale  # type: ignore[import-untyped]

from form_engine.formula import FormulaError, TypeScope, check, evaluation_order, parse, parse_type
from web.words import sentence

KINDS = {"amount": "number:CNY", "dollars": "number:USD", "due": "date", "lines": "list:record:bill.lines"}
SCOPE = TypeScope({key: parse_type(kind) for key, kind in KINDS.items()})


def told(app: Flask, text: str, locale: str) -> str:
    with pytest.raises(FormulaError) as caught:
        check(parse(text), SCOPE)
    return words(app, caught.value.code, caught.value.params, locale)


def words(app: Flask, code: str, params: Mapping[str, object], locale: str) -> str:
    with app.test_request_context(), force_locale(locale):
        return sentence(code, params)


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("amuont + 1", "There is no field “amuont”. Did you mean “amount”?", "您是不是想写“amount”？"),
        ("ROUDN(amount)", "There is no function “ROUDN”. Did you mean “ROUND”?", "您是不是想写“ROUND”？"),
        (
            "amount + dollars",
            "The formula mixes two currencies: an amount in CNY and an amount in USD.",
            "公式混用了两种货币：CNY 金额和USD 金额。",
        ),
        (
            "YEAR(amount)",
            "YEAR needs a date here, and this is an amount in CNY.",
            "YEAR 在这里需要日期，而这里是CNY 金额。",
        ),
        ("due + lines", "a date and a list (a record) do not go together.", "日期和列表（记录）不能放在一起。"),
        ("LEFT(1, 2, 3)", "LEFT does not take 3 arguments.", "LEFT 不能有 3 个参数。"),
        ("amount ! 2", "“!” does not belong into a formula.", "公式里不能有“!”。"),
        ("amount 2", "The formula does not go on with “2”.", "公式在“2”这里写不下去。"),
    ],
)
def test_a_mistake_is_told_in_both_languages(app: Flask, text: str, en: str, zh: str) -> None:
    assert told(app, text, "en") == en
    assert zh in told(app, text, "zh_Hans_CN")


def test_a_circle_is_named(app: Flask) -> None:
    with pytest.raises(FormulaError) as caught:
        evaluation_order({"a": ["b"], "b": ["c"], "c": ["a"]})
    found = words(app, caught.value.code, caught.value.params, "en")
    assert found == "These fields compute each other in a circle: a → b → c → a."
