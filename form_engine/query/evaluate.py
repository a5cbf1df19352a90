"""Parts of a formula that read no row of a query: worked out by the formula language itself."""

from collections.abc import Callable

from form_engine.formula import Checked, Context, Env, Node, Reads, RecordValue, Value
from form_engine.formula.compiler import compile_formula
from form_engine.formula.types import ANY


def evaluator(
    context: Context, own: RecordValue | None = None, row: RecordValue | None = None
) -> Callable[[Node], Value]:
    """`evaluate(node)` for a `Translator`: in this context, with an unsaved record and row behind their names."""
    env = Env(own=own, row=row, context=context) if own is not None else Env(row=row, context=context)

    def evaluate(node: Node) -> Value:
        return compile_formula(Checked(node, ANY, Reads(), frozenset()))(env)

    return evaluate
