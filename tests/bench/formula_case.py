"""Formulas a second: a compiled one against `simpleeval` (its tree parsed once) on the same expression with decimals.

Equal means the same value to the last digit. Ours also knows blanks and errors, and works in its own decimal context.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from time import process_time
from typing import Any

import simpleeval  # type: ignore[import-untyped]

from form_engine.formula import Env, RecordValue, TypeScope, check, parse, parse_type
from form_engine.formula.compiler import compile_formula
from tests.bench.figure import Figure
from tests.bench.rates import interleaved

NAMES = {
    "price": Decimal("1299.90"),
    "quantity": Decimal("12"),
    "discount": Decimal("0.05"),
    "shipping": Decimal("35.00"),
    "paid": Decimal("8000.00"),
}
#: ours, and the same in Python's words
CASES = (
    ("price * quantity * (1 - discount) + shipping - paid", "price * quantity * (one - discount) + shipping - paid"),
    ("IF(price * quantity > paid, paid - price, 0)", "paid - price if price * quantity > paid else nothing"),
    ("ROUND(price * discount, 2) + MAX(shipping, paid)", "round2(price * discount) + biggest(shipping, paid)"),
)  # fmt: skip
CONSTANTS = {"one": Decimal(1), "nothing": Decimal(0)}
FUNCTIONS = {"round2": lambda number: number.quantize(Decimal("0.01"), "ROUND_HALF_UP"), "biggest": max}


def case(ours: str, theirs: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """One expression in both languages, each made ready."""
    scope = TypeScope({name: parse_type("number") for name in NAMES})
    run = compile_formula(check(parse(ours), scope))
    env = Env(RecordValue("bench", 1, NAMES))
    evaluator: Any = simpleeval.SimpleEval(names={**NAMES, **CONSTANTS}, functions=FUNCTIONS)
    tree = evaluator.parse(theirs)
    return partial(run, env), partial(evaluator.eval, theirs, tree)


def figures() -> list[Figure]:
    """The slowest of the expressions counts."""
    found = []
    for ours, theirs in CASES:
        run, baseline = case(ours, theirs)
        if run() != baseline():
            raise AssertionError(f"{ours}: {run()} and {baseline()}")
        rate, other = interleaved(run, baseline, calls=2_000, rounds=9, clock=process_time)
        found.append(
            Figure(
                f"formulas a second, of simpleeval's ({ours.split('(')[0].strip() or 'sum'})"[:62],
                rate,
                other,
                8.0,
                "higher",
            )
        )
    return [min(found, key=lambda figure: figure.ratio)]
