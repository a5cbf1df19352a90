"""Parts of a formula that read no row of a query: worked out by the formula language itself."""

from dataclasses import dataclass

from form_engine.formula import Checked, Context, Env, Node, Reads, RecordValue, Value
from form_engine.formula.compiler import compile_formula
from form_engine.formula.types import ANY


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Answers a `Translator`: `evaluate(node)`."""

    env: Env

    def __call__(self, node: Node, /) -> Value:
        """The value of this part."""
        return compile_formula(Checked(node, ANY, Reads(), frozenset()))(self.env)

    @property
    def zone(self) -> str:
        """The workspace's time zone, by its IANA name."""
        return str(self.env.context.zone)


def evaluator(context: Context, own: RecordValue | None = None, row: RecordValue | None = None) -> Evaluator:
    """An evaluator in this context, with an unsaved record and row behind their names."""
    return Evaluator(Env(own=own, row=row, context=context) if own is not None else Env(row=row, context=context))
