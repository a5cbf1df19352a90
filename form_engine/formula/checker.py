"""Static checking: names, types and argument counts, before a formula is ever computed.

Checking also resolves: `+` and `-` over dates become `date+`, `date-` and `days-`, and FILTER over a column gets its
rows. The resolved tree is what is compiled, stored and shipped, so that no evaluator needs to know types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from .checked import Checked, Path, Reads
from .errors import FormulaError, nearest
from .functions import CALLABLE, FUNCTIONS
from .nodes import Call, Literal, Name, Node
from .parser import require_depth
from .precedence import PLAIN
from .results import Mismatch, accepts, dated_operator, result_type
from .types import ANY, BLANK, LOGICAL, NUMBER, TEXT, Fields, Type, TypeScope


def check(node: Node, scope: TypeScope) -> Checked:
    """The formula's type and what it reads. Raises `FormulaError` at the first thing that cannot be.

    A tree that was already resolved may be checked again, against a changed scope.
    """
    require_depth(node)
    checker = _Checker(scope)
    resolved, found = checker.visit(node)
    reads = Reads(*(frozenset(checker.reads[root]) for root in ("own", "row", "target")))
    return Checked(resolved, found, reads, frozenset(checker.functions))


class _Checker:
    def __init__(self, scope: TypeScope) -> None:
        self.scope = scope
        self.row = scope.row
        self.row_source: Name | None = None
        self.reads: dict[str, set[Path]] = {"own": set(), "row": set(), "target": set(), "old": set()}
        self.functions: set[str] = set()
        self.tables = 0  # how many keys of the last name led to its last table; 0 when it goes through none

    def visit(self, node: Node) -> tuple[Node, Type]:
        if isinstance(node, Literal):
            return node, _literal_type(node)
        if isinstance(node, Name):
            rooted = self._rooted(node)
            return rooted, self.name(rooted)
        return self.filter(node) if node.function == "FILTER" else self.call(node)

    def _rooted(self, node: Name) -> Name:
        """`old.amount` as the parser reads it is a field of the own field `old`."""
        if self.scope.old and node.root == "own" and len(node.path) > 1 and node.path[0] == "old":
            return replace(node, root="old", path=node.path[1:])
        return node

    def name(self, node: Name) -> Type:
        self._note(node)
        if node.root in ("own", "old"):
            return self._walk(node, self.scope.own, node.path, ANY)
        start = self.row if node.root == "row" else self.scope.target
        if start is None:
            raise _at(node, f"formula_no_{node.root}", name=str(node))
        return self._walk(node, self.scope.fields_of(start), node.path, start)

    def _note(self, node: Name) -> None:
        """Record the read; what `row.` is inside FILTER belongs to the table that FILTER walks."""
        source = self.row_source if node.root == "row" else None
        root, path = (source.root, source.path + node.path) if source else (node.root, node.path)
        if path:
            self.reads[root].add(path)

    def _walk(self, node: Name, fields: Fields, path: Sequence[str], start: Type) -> Type:
        found, through_list, self.tables = start, False, 0
        for place, key in enumerate(path, start=1):
            if found.item.kind == "any" and found is not start:
                return ANY
            if found is not start:
                if found.item.kind != "record":
                    raise _at(node, "formula_not_a_record", name=str(node), before=key, got=str(found))
                through_list = through_list or found.is_list
                fields = self.scope.fields_of(found.item)
            if key not in fields:
                raise _at(node, "formula_unknown_name", nearest(key, fields), name=str(node), part=key)
            found = fields[key]
            if found.is_list and found.item.kind == "record":
                self.tables = place
        return Type("list", of=found) if through_list and not found.is_list else found

    def call(self, node: Call) -> tuple[Node, Type]:
        name = PLAIN.get(node.function, node.function)
        function = FUNCTIONS.get(name)
        if function is None:
            raise _at(node, "formula_unknown_function", nearest(name, CALLABLE), name=name)
        signature = function.parsed
        _require_count(node, len(node.args), signature.least, signature.most)
        args, types = self._visit_all(node.args)
        for place, given in enumerate(types):
            kind = signature.kind_at(place)
            if not accepts(kind, given):
                raise _at(node.args[place], "formula_type", function=name, wanted=kind, got=str(given))
        self.functions.add(name)
        if name in PLAIN.values() and len(args) > 1:
            return self._chain(replace(node, function=name, args=args), types)
        return replace(node, args=args), self._result(node, signature.result, types)

    def _chain(self, node: Call, types: Sequence[Type]) -> tuple[Node, Type]:
        """A chain of `+` or `-`; where dates take part it falls into pairs, each with the operator that it means."""
        sign, rule = node.function, FUNCTIONS[node.function].parsed.result
        if not any(given.kind in ("date", "datetime") for given in types):
            return node, self._result(node, rule, types)
        left, found = node.args[0], types[0]
        for right, given in zip(node.args[1:], types[1:], strict=True):
            result = self._result(node, rule, (found, given))
            pair = (right, left) if sign == "+" and given.kind in ("date", "datetime") else (left, right)
            kinds = (given, found) if pair[0] is right else (found, given)
            operator = dated_operator(sign, *kinds) or sign
            left, found = replace(node, function=operator, args=pair, end=right.end), result
        return left, found

    def filter(self, node: Call) -> tuple[Node, Type]:
        """`FILTER(rows, condition[, result])`; over a column, the column is the result."""
        _require_count(node, len(node.args), 2, 3)
        rows, condition, *result = node.args
        rows = self._rooted(rows) if isinstance(rows, Name) else rows
        table: Node = rows
        if not result and isinstance(rows, Name):
            table, result = self._split(rows)
        table, source = self.visit(table)
        if source.item.kind not in ("record", "any"):
            raise _at(rows, "formula_needs_table", got=str(source))
        outer = self.row, self.row_source
        self.row, self.row_source = source.item, _origin(table, self.row_source)
        inner, types = self._visit_all((condition, *result))
        self.row, self.row_source = outer
        if not accepts("logical", types[0]):
            raise _at(condition, "formula_type", function="FILTER", wanted="logical", got=str(types[0]))
        self.functions.add("FILTER")
        return replace(node, args=(table, *inner)), self._result(node, "filter", (source, *types))

    def _split(self, rows: Name) -> tuple[Name, list[Node]]:
        """`lines.item.amount` as `lines` and `row.item.amount`: at the last table, or list of links, on the way."""
        self.name(rows)
        found = self.tables
        if not 0 < found < len(rows.path):
            return rows, []
        return replace(rows, path=rows.path[:found]), [replace(rows, root="row", path=rows.path[found:])]

    def _visit_all(self, nodes: Iterable[Node]) -> tuple[tuple[Node, ...], tuple[Type, ...]]:
        visited = [self.visit(node) for node in nodes]
        return tuple(node for node, _ in visited), tuple(found for _, found in visited)

    def _result(self, node: Call, rule: str, types: Sequence[Type]) -> Type:
        try:
            return result_type(rule, types)
        except Mismatch as mismatch:
            raise _at(node, mismatch.code, **{"function": node.function, **mismatch.params}) from None


def _literal_type(node: Literal) -> Type:
    match node.value:
        case None:
            return BLANK
        case bool():
            return LOGICAL
        case Decimal():
            return NUMBER
        case str():
            return TEXT


def _origin(table: Node, outer: Name | None) -> Name | None:
    """The name that a table comes from, through functions that keep its rows."""
    while isinstance(table, Call) and table.args:
        table = table.args[0]
    if not isinstance(table, Name):
        return None
    if table.root == "row" and outer is not None:
        return replace(outer, path=outer.path + table.path)
    return table


def _require_count(node: Call, given: int, least: int, most: int | None) -> None:
    if given < least or (most is not None and given > most):
        raise _at(node, "formula_argument_count", function=node.function, given=given, least=least, most=most)


def _at(node: Node, code: str, suggestion: str | None = None, /, **params: object) -> FormulaError:
    return FormulaError(code, node.start, node.end, suggestion, **params)
