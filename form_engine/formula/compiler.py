"""Tree → closure, once. A closure never raises: what goes wrong is an error value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .checked import Checked
from .coerce import BLANK_ANSWERS_BLANK, COERCIONS
from .env import Env
from .functions import FUNCTIONS
from .kernel import kernel
from .limits import MAX_ITEMS
from .nodes import Literal, Name, Node
from .numbers import DecimalException
from .signature import Closure, Function
from .values import NUM, REF, VALUE, ErrorValue, LinkRef, RecordValue, Value


def compile_formula(formula: Checked | Node) -> Closure:
    """The formula as a function of its environment. Of a checked formula the resolved tree is compiled.

    The closure may be kept and called from any number of threads.
    """
    return _compile(formula.node if isinstance(formula, Checked) else formula, quick=True)


def _compile(node: Node, *, quick: bool) -> Closure:
    """`quick`: arithmetic over fields becomes one expression, where it has not done so further out."""
    if isinstance(node, Literal):
        value = node.value
        return lambda env: value
    if isinstance(node, Name):
        return _name(node)
    found = kernel(node, lambda: _compile(node, quick=False)) if quick else None
    if found is not None:
        return found
    function = FUNCTIONS[node.function]
    args = [_compile(arg, quick=quick) for arg in node.args]
    return function.lazy(args) if function.lazy else _strict(function, args)


def _name(name: Name) -> Closure:
    record = _ROOTS[name.root]
    if not name.path:
        return record
    first, *rest = name.path
    if name.root == "own" and not rest:
        return lambda env: env.own.values.get(first)

    def walk(env: Env) -> Value:
        start = record(env)
        if start is None:
            return None
        value = start.values.get(first)
        for key in rest:
            if value is None:
                return None
            value = _step(value, key, start)
        return value

    return walk


_ROOTS: dict[str, Callable[[Env], RecordValue | None]] = {
    "own": lambda env: env.own,
    "row": lambda env: env.row,
    "target": lambda env: env.target,
    "old": lambda env: env.old,
}


def _step(value: Value, key: str, start: RecordValue) -> Value:
    """The field `key` of a record, of what a link leads to, or of each item of a list (lists of lists are joined)."""
    if isinstance(value, LinkRef):
        value = start.fetch(value.form, value.id) or REF
    if isinstance(value, RecordValue):
        return value.values.get(key)
    if not isinstance(value, tuple):
        return value if isinstance(value, ErrorValue) else VALUE
    found: list[Value] = []
    for item in value:
        result = None if item is None else _step(item, key, start)
        if isinstance(result, tuple):
            found.extend(result)
        else:
            found.append(result)
        if len(found) > MAX_ITEMS:
            return NUM
    return tuple(found)


def _strict(function: Function, args: Sequence[Closure]) -> Closure:
    evaluate = function.evaluate
    if evaluate is None:
        raise TypeError(f"{function.name} neither evaluates nor builds")
    signature, context = function.parsed, function.context
    kinds = [signature.kind_at(position) for position in range(len(args))]
    parameters = [
        (arg, COERCIONS[kind], kind in BLANK_ANSWERS_BLANK, kind != "raw")
        for arg, kind in zip(args, kinds, strict=True)
    ]

    def call(env: Env) -> Value:
        values: list[object] = [env.context] if context else []
        try:
            for arg, coerce, needs_value, spreads in parameters:
                value = coerce(arg(env), env)
                if (value is None and needs_value) or (spreads and isinstance(value, ErrorValue)):
                    return value
                values.append(value)
            return evaluate(*values)
        except (DecimalException, OverflowError):
            return NUM

    return call
