"""Tree → text: the formula as a person would write it, with no bracket too many."""

from __future__ import annotations

from decimal import Decimal

from .nodes import Call, Literal, Name, Node
from .numbers import canonical
from .precedence import ATOM_LEVEL, COMPARISONS, LEVEL, PLAIN, SIGN_LEVEL


def to_text(node: Node) -> str:
    """The formula's text; parsing it gives the same tree again (a resolved tree: the one before resolving)."""
    return _print(node)[0]


def _print(node: Node) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    if isinstance(node, Name):
        return str(node), ATOM_LEVEL
    if isinstance(node, Literal):
        return _literal(node), ATOM_LEVEL
    name = PLAIN.get(node.function, node.function)
    if name == "LIST":
        return "{" + ", ".join(to_text(arg) for arg in node.args) + "}", ATOM_LEVEL
    if name == "%":
        return _at_least(node.args[0], LEVEL["%"]) + "%", LEVEL["%"]
    if name == "-" and len(node.args) == 1:
        return "-" + _at_least(node.args[0], SIGN_LEVEL), SIGN_LEVEL
    if name in LEVEL and name != "NOT" and len(node.args) > 1:
        return _chain(name, node), LEVEL[name]
    return f"{name}({', '.join(to_text(arg) for arg in node.args)})", ATOM_LEVEL


def _chain(name: str, node: Call) -> str:
    level = LEVEL[name]
    first, *rest = node.args
    folded = isinstance(first, Call) and first.function == node.function == name and len(first.args) > 1
    compares = name in COMPARISONS
    left = _at_least(first, level + 1 if folded and not compares else level)
    return f" {name} ".join([left, *(_at_least(arg, level + 1) for arg in rest)])


def _at_least(node: Node, level: int) -> str:
    text, tightness = _print(node)
    return text if tightness >= level else f"({text})"


def _literal(node: Literal) -> str:
    match node.value:
        case None:
            return "FIRST({})"  # the shortest blank that can be written
        case bool():
            return "TRUE" if node.value else "FALSE"
        case Decimal():
            return canonical(node.value)
        case str():
            return '"' + node.value.replace('"', '""') + '"'
