"""The quick expression of a formula: the decimal context it works in is its own, whoever calls and from wherever."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Context, Decimal, getcontext, localcontext

import pytest

from form_engine.formula import Env, RecordValue, TypeScope, check, parse, parse_type
from form_engine.formula.compiler import compile_formula
from form_engine.formula.kernel import EXACTLY
from form_engine.formula.numbers import EXACT
from form_engine.formula.signature import Closure

HELD = {"price": Decimal("1299.90"), "share": Decimal("7"), "none": Decimal(0)}
ENV = Env(RecordValue("orders", 1, HELD))


def closure(text: str) -> Closure:
    return compile_formula(check(parse(text), TypeScope({name: parse_type("number") for name in HELD})))


PARTED = closure("price / share * 3 - ROUND(price, 1)")
PART = EXACT.subtract(EXACT.multiply(EXACT.divide(HELD["price"], HELD["share"]), Decimal(3)), HELD["price"])


def test_the_callers_decimal_context_is_neither_used_nor_changed() -> None:
    with localcontext(Context(prec=3, traps=[])) as mine:
        assert PARTED(ENV) == PART
        assert getcontext() is mine
        assert not any(mine.flags.values())


def test_whoever_finds_the_context_taken_is_answered_all_the_same() -> None:
    assert EXACTLY.run(PARTED, ENV) == PART
    assert EXACTLY.run(closure("price / none"), ENV) == closure("price / none")(ENV)


@pytest.mark.parametrize("threads", [4])
def test_threads_do_not_disturb_each_other(threads: int) -> None:
    def often(_: int) -> set[object]:
        return {PARTED(ENV) for _ in range(20_000)}

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(often, range(threads))) == [{PART}] * threads
