"""Arithmetic over plain number fields as one Python expression: several times as fast as a closure for each operator.

Only for the common case that every field in it holds a number: then no blank, no error, no date can be met, and the
expression is what the closures would compute, in the same decimal context. In every other case, and whenever decimal
objects, the closures answer (`slow`).

The decimal context stands in a `contextvars` context of its own, in which the expression runs: to enter that is two
pointers, where putting ours in the thread's place and the thread's back again takes as long as five multiplications.
Only one thread at a time can be in it. One that comes while another was interrupted there is refused, and the closures
answer.

The source is put together from our own words alone: fields and constants are parameters, never text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context
from decimal import Decimal, DecimalException, setcontext
from functools import lru_cache
from typing import Any, Final

from .nodes import Call, Literal, Name, Node
from .numbers import EXACT, HALF_AWAY, WIDE
from .signature import Closure

MOST_FIELDS: Final = 30
MOST_NODES: Final = 200
_DEEPEST: Final = 30

_CHAINS: Final = frozenset({"+", "-", "*", "/"})
_COMPARISONS: Final[Mapping[str, str]] = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_EXTREMES: Final[Mapping[str, str]] = {"MIN": "<=", "MAX": ">="}
_SOURCE: Final = """
def make(slow, keys, numbers):
    {parameters}
    def expression({values}):
        return {expression}
    def run(env):
        values = env.own.values
        try:
            {fields}
        except KeyError:
            return slow(env)
        if {all_numbers} is Decimal:
            try:
                return exactly(expression, {values})
            except (DecimalException, RuntimeError):  # the latter: another thread is there
                pass
        return slow(env)
    return run
"""

EXACTLY: Final = Context()
"""Where decimals are computed as the language says."""

EXACTLY.run(setcontext, EXACT)
_BUILTINS: Final = {each.__name__: each for each in (KeyError, RuntimeError, type, max, min, abs)}
_WORDS: Final[dict[str, object]] = {
    "__builtins__": _BUILTINS,
    "Decimal": Decimal,
    "DecimalException": DecimalException,
    "exactly": EXACTLY.run,
    "HALF_AWAY": HALF_AWAY,
    "WIDE": WIDE,
}


def kernel(node: Node, slow: Callable[[], Closure]) -> Closure | None:
    """The closure of a formula that is arithmetic over at least one own field; None for any other."""
    if not isinstance(node, Call):
        return None
    writer = _Writer()
    kind = writer.kind_of(node, 0)
    if kind is None or not writer.keys or len(writer.keys) > MOST_FIELDS:
        return None
    source = _SOURCE.format(
        parameters="; ".join(
            [f"k{at} = keys[{at}]" for at in range(len(writer.keys))]
            + [f"n{at} = numbers[{at}]" for at in range(len(writer.numbers))]
        ),
        values=", ".join(f"v{at}" for at in range(len(writer.keys))),
        fields="; ".join(f"v{at} = values[k{at}]" for at in range(len(writer.keys))),
        all_numbers=" is ".join(f"type(v{at})" for at in range(len(writer.keys))),
        expression=kind[1],
    )
    made: Closure = _made(source)(slow(), tuple(writer.keys), tuple(writer.numbers))
    return made


@lru_cache(maxsize=4_096)
def _made(source: str) -> Any:
    scope: dict[str, Any] = {}
    exec(compile(source, "<formula>", "exec"), dict(_WORDS), scope)  # noqa: S102 - from our own words alone
    return scope["make"]


class _Writer:
    """Writes the expression; `kind_of` gives what a part is (`number` or `logical`) and its text, or None."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.numbers: list[Decimal] = []
        self.nodes = 0

    def kind_of(self, node: Node, depth: int) -> tuple[str, str] | None:
        self.nodes += 1
        if depth > _DEEPEST or self.nodes > MOST_NODES:
            return None
        if isinstance(node, Name):
            if node.root != "own" or len(node.path) != 1:
                return None
            return "number", f"v{self.keys.setdefault(node.path[0], len(self.keys))}"
        if isinstance(node, Literal):
            return self._literal(node.value)
        return self._call(node, depth)

    def _literal(self, value: object) -> tuple[str, str] | None:
        if isinstance(value, bool):
            return "logical", str(value)
        if not isinstance(value, Decimal):
            return None
        self.numbers.append(value)
        return "number", f"n{len(self.numbers) - 1}"

    def _call(self, node: Call, depth: int) -> tuple[str, str] | None:
        name = node.function
        if name == "ROUND":
            return self._round(node, depth)
        parts = [self.kind_of(arg, depth + 1) for arg in node.args]
        given = [part for part in parts if part is not None]
        if len(given) < len(parts):
            return None
        kinds, texts = {kind for kind, _ in given}, [text for _, text in given]
        if name == "IF" and len(texts) == 3 and [kind for kind, _ in given] == ["logical", "number", "number"]:
            return "number", f"({texts[1]} if {texts[0]} else {texts[2]})"
        if kinds == {"logical"}:  # not `and`: AND looks at all of its arguments
            joined = {"AND": " & ", "OR": " | "}.get(name)
            if joined is not None:
                return "logical", f"({joined.join(texts)})"
            return ("logical", f"(not {texts[0]})") if name == "NOT" else None
        if kinds != {"number"}:
            return None
        if name in _COMPARISONS:
            return "logical", f"({texts[0]} {_COMPARISONS[name]} {texts[1]})"
        if name == "-" and len(texts) == 1:
            return "number", f"(-{texts[0]})"
        if name in _CHAINS:
            return "number", f"({f' {name} '.join(texts)})"
        if name in _EXTREMES and len(texts) > 1:
            if len(texts) == 2 and not any("(" in text for text in texts):
                return "number", f"({texts[0]} if {texts[0]} {_EXTREMES[name]} {texts[1]} else {texts[1]})"
            return "number", f"{name.lower()}({', '.join(texts)})"
        return ("number", f"abs({texts[0]})") if name == "ABS" else None

    def _round(self, node: Call, depth: int) -> tuple[str, str] | None:
        number = self.kind_of(node.args[0], depth + 1)
        digits = node.args[1] if len(node.args) > 1 else Literal(Decimal(0))
        if number is None or number[0] != "number" or not isinstance(digits, Literal):
            return None
        if not isinstance(digits.value, Decimal) or digits.value not in range(21):
            return None
        self.numbers.append(Decimal(1).scaleb(-int(digits.value)))
        return "number", f"(+{number[1]}.quantize(n{len(self.numbers) - 1}, HALF_AWAY, WIDE))"
