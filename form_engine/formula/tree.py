"""The shipped tree: a checked formula as compact JSON (`tree.schema.json`), so that a browser needs no parser.

A text, true, false and null stand for themselves; a number is `{"n": "1.5"}`; a field is `{"own": ["order",
"name"]}`, `{"row": […]}` or `{"target": […]}`; a call is `["ROUND", argument, …]`. Places in the text are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias, Union

from .errors import FormulaError
from .functions import FUNCTIONS
from .limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES
from .nodes import Call, Literal, Name, Node
from .numbers import canonical

Json: TypeAlias = Union[str, bool, "list[Json]", "dict[str, Json]", None]
_NUMBER = re.compile(r"[0-9]{1,101}(?:\.[0-9]{1,128})?")
_ROOTS = ("own", "row", "target")


def to_json(node: Node) -> Json:
    """The tree to store and to ship: of a `Checked`, its `node`."""
    if isinstance(node, Literal):
        return {"n": canonical(node.value)} if isinstance(node.value, Decimal) else node.value
    if isinstance(node, Name):
        return {node.root: list(node.path)}
    return [node.function, *map(to_json, node.args)]


def from_json(tree: object) -> Node:
    """The tree back. Raises `FormulaError` for what is no tree, is too deep, or names a function unknown here."""
    return _Reader().read(tree, MAX_DEPTH)


class _Reader:
    def __init__(self) -> None:
        self.left = MAX_NODES

    def read(self, tree: object, depth: int) -> Node:
        self.left -= 1
        if depth <= 0:
            raise FormulaError("formula_too_deep", limit=MAX_DEPTH)
        if self.left < 0:
            raise FormulaError("formula_too_large", limit=MAX_NODES)
        if tree is None or isinstance(tree, bool):
            return Literal(tree)
        if isinstance(tree, str) and len(tree) <= MAX_CHARACTERS:
            return Literal(tree)
        if isinstance(tree, Mapping) and len(tree) == 1:
            return _leaf(tree)
        if isinstance(tree, list) and tree and isinstance(tree[0], str):
            return self._call(tree[0], tree[1:], depth)
        raise FormulaError("formula_bad_tree")

    def _call(self, name: str, args: list[object], depth: int) -> Node:
        function = FUNCTIONS.get(name)
        if function is None:
            raise FormulaError("formula_unknown_function", name=name)
        signature = function.parsed
        if len(args) < signature.least or (signature.most is not None and len(args) > signature.most):
            raise FormulaError("formula_bad_tree", function=name)
        return Call(name, tuple(self.read(arg, depth - 1) for arg in args))


def _leaf(tree: Mapping[object, object]) -> Node:
    [(kind, content)] = tree.items()
    if kind == "n" and isinstance(content, str) and _NUMBER.fullmatch(content):
        return Literal(Decimal(content))
    for root in _ROOTS:
        if kind == root and isinstance(content, list) and len(content) <= MAX_DEPTH:
            path = tuple(key for key in content if isinstance(key, str) and key)
            if len(path) == len(content) and (path or root != "own"):
                return Name(root, path)  # type: ignore[arg-type]
    raise FormulaError("formula_bad_tree")
