"""A formula as SQL, where it can be one.

What reads no row of the query is evaluated by the formula language itself and becomes a parameter; only what depends
on the row becomes SQL. `/`, `^` and SQRT stay out (PostgreSQL divides to other digits), and so does whatever SQL cannot
say exactly as the evaluator says it: `NotInSql` then, with the part and the reason, at publish.

`blank_equals` chooses what a blank is: 0, "" or FALSE as in a spreadsheet, or, in access rules, something that never
equals anything (docs/decisions/016).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from sqlalchemy import Boolean, ColumnElement, and_, case, cast, false, func, literal, not_, null, or_

from form_engine.formula import Call, Literal, Name, Node, Value
from form_engine.query.errors import NotInSql
from form_engine.query.sql_value import BLANK, ERROR, SQL_TYPES, Sql, constant


class Columns(Protocol):
    """Where names come from. Names of another root than `root` are constants to a query."""

    @property
    def root(self) -> str: ...

    def of(self, name: Name) -> Sql | None:
        """The column behind a name; None where the name is not of the row (it is then a constant). Raises NotInSql."""

    def sum_of(self, name: Name) -> Sql | None:
        """The sum over a table's column; None where the name is no such column."""


EMPTY: Final[Mapping[str, object]] = {"number": 0, "text": "", "logical": False}
"""What a blank is in a spreadsheet's eyes."""


class Translator:
    """Translates one formula. `evaluate` answers the parts that do not depend on the row."""

    def __init__(self, columns: Columns, evaluate: Callable[[Node], Value], *, blank_equals: bool = True) -> None:
        self._columns, self._evaluate, self._blank_equals = columns, evaluate, blank_equals

    def condition(self, node: Node) -> ColumnElement[bool]:
        """True where the formula is true; a blank or an error is not."""
        found = self.value(node)
        if found.is_error or found.kind == "blank":
            return false()
        if found.kind != "logical":
            raise NotInSql("not_in_sql", node, expected="logical")
        return found.expression.is_(True) if found.nullable else found.expression

    def value(self, node: Node) -> Sql:
        """The formula's value in SQL."""
        if self._is_constant(node):
            answer = constant(self._evaluate(node))
            if answer is None:
                raise NotInSql("not_in_sql", node)
            return answer
        match node:
            case Name():
                column = self._columns.of(node)
                assert column is not None  # noqa: S101 - _is_constant has asked
                return column
            case Call():
                if node.function == "IN":
                    return self._is_in(node)
                if node.function == "SUM" and len(node.args) == 1 and isinstance(node.args[0], Name):
                    total = self._columns.sum_of(node.args[0])
                    if total is not None:
                        return total
                translate = _OPERATIONS.get(node.function)
                if translate is None:
                    raise NotInSql("not_in_sql", node, function=node.function)
                args = [self.value(arg) for arg in node.args]
                if node.function not in _CATCHES and any(arg.is_error for arg in args):
                    return ERROR
                return translate(self, node, args)
            case Literal():
                raise AssertionError("a literal is a constant")

    def _is_constant(self, node: Node) -> bool:
        match node:
            case Literal():
                return True
            case Name():
                return node.root != self._columns.root
            case Call():
                return all(self._is_constant(arg) for arg in node.args)

    def filled(self, value: Sql, kind: str) -> ColumnElement[Any]:
        """The expression with a blank as what `kind` makes of it."""
        if value.kind == "blank":
            value = Sql(kind, value.expression)
        if not self._blank_equals or not value.nullable or kind not in EMPTY:
            return value.expression
        return func.coalesce(value.expression, literal(EMPTY[kind], SQL_TYPES[kind]))

    def _shared_kind(self, node: Node, args: list[Sql]) -> str:
        kinds = {arg.kind for arg in args} - {"blank"}
        if len(kinds) > 1:
            raise NotInSql("mixed_types_in_sql", node, kinds=sorted(kinds))
        return kinds.pop() if kinds else "blank"

    def equal(self, node: Node, left: Sql, right: Sql) -> ColumnElement[bool]:
        kind = self._shared_kind(node, [left, right])
        if kind == "blank":
            return literal(self._blank_equals)
        if kind not in SQL_TYPES:
            raise NotInSql("not_in_sql", node, kind=kind)
        if not self._blank_equals and "blank" in (left.kind, right.kind):
            return cast(null(), Boolean)  # SQLAlchemy would write IS NULL, and that can be true
        if kind == "logical":  # a blank is not FALSE
            a, b = left.expression, right.expression
        else:
            a, b = self.filled(left, kind), self.filled(right, kind)
        if self._blank_equals and kind not in ("number", "text") and left.nullable and right.nullable:
            return a.is_not_distinct_from(b)
        return a == b

    def negated(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """NOT. In access rules what is unknown stays unknown, and denies; elsewhere it is a condition not met."""
        return not_(func.coalesce(condition, false()) if self._blank_equals else condition)

    def order(self, node: Node, left: Sql, right: Sql, operator: str) -> ColumnElement[bool]:
        kind = self._shared_kind(node, [left, right])
        if kind not in ("number", "date", "datetime", "text"):
            raise NotInSql("not_in_sql", node, kind=kind)
        a, b = self.filled(left, kind), self.filled(right, kind)
        if kind == "text":
            a, b = a.collate("C"), b.collate("C")
        met: ColumnElement[bool] = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
        level = operator in ("<=", ">=") and kind not in EMPTY and left.nullable and right.nullable
        return or_(met, and_(a.is_(None), b.is_(None))) if self._blank_equals and level else met

    def arithmetic(self, node: Node, args: list[Sql], operator: str) -> Sql:
        for arg in args:
            if arg.kind not in ("number", "blank"):
                raise NotInSql("not_in_sql", node, function=operator, kind=arg.kind)
        first, *rest = (self.filled(arg, "number") for arg in args)
        if not rest and operator == "-":
            return Sql("number", -first, not self._blank_equals)
        for each in rest:
            first = {"+": first.__add__, "-": first.__sub__, "*": first.__mul__}[operator](each)
        return Sql("number", first, not self._blank_equals)

    def _is_in(self, node: Call) -> Sql:
        needle, hay = node.args
        if isinstance(hay, Call) and hay.function == "LIST":
            items = [self.value(item) for item in hay.args]
        elif self._is_constant(hay):
            listed = self._evaluate(hay)
            found = [constant(item) for item in (listed if isinstance(listed, tuple) else (listed,))]
            if any(item is None for item in found):
                raise NotInSql("not_in_sql", node)
            items = [item for item in found if item is not None]
        else:
            raise NotInSql("not_in_sql", hay, function="IN")
        sought = self.value(needle)
        if sought.is_error or any(item.is_error for item in items):
            return ERROR
        return Sql("logical", or_(false(), *(self.equal(node, sought, item) for item in items)))


Operation = Callable[[Translator, Call, list[Sql]], Sql]


def _compare(operator: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        left, right = args
        if operator == "=":
            return Sql("logical", to.equal(node, left, right))
        if operator == "<>":
            return Sql("logical", to.negated(to.equal(node, left, right)))
        return Sql("logical", to.order(node, left, right, operator))

    return translate


def _arithmetic(operator: str) -> Operation:
    return lambda to, node, args: to.arithmetic(node, args, operator)


def _logical(join: Callable[..., ColumnElement[bool]]) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        return Sql("logical", join(*(_truth(to, node, arg) for arg in args)))

    return translate


def _truth(to: Translator, node: Node, arg: Sql) -> ColumnElement[bool]:
    if arg.kind not in ("logical", "blank"):
        raise NotInSql("not_in_sql", node, kind=arg.kind)
    return to.filled(arg, "logical")


def _not(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("logical", to.negated(_truth(to, node, args[0])))


def _join(to: Translator, node: Call, args: list[Sql]) -> Sql:
    if any(arg.kind not in ("text", "blank") for arg in args):
        raise NotInSql("not_in_sql", node, function=node.function)
    return Sql("text", func.concat(*(arg.expression for arg in args)), nullable=False)


def _if(to: Translator, node: Call, args: list[Sql]) -> Sql:
    test, then, *rest = args
    other = rest[0] if rest else constant(False)
    assert other is not None  # noqa: S101 - False is a value of SQL
    kind = to._shared_kind(node, [then, other])
    return Sql(kind, case((_truth(to, node, test).is_(True), then.expression), else_=other.expression))


def _is_blank(to: Translator, node: Call, args: list[Sql]) -> Sql:
    (arg,) = args
    empty = arg.expression.is_(None)
    return Sql("logical", or_(empty, arg.expression == "") if arg.kind == "text" else empty, nullable=False)


def _coalesce(to: Translator, node: Call, args: list[Sql]) -> Sql:
    kind = to._shared_kind(node, args)
    if kind == "blank":
        return BLANK
    given = [func.nullif(arg.expression, "") if kind == "text" else arg.expression for arg in args]
    return Sql(kind, func.coalesce(*given))


def _extreme(name: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        kind = to._shared_kind(node, args)
        if kind not in ("number", "date"):
            raise NotInSql("not_in_sql", node, function=name)
        # GREATEST and LEAST skip NULL, as MAX and MIN skip blanks.
        return Sql(kind, getattr(func, name)(*(arg.expression for arg in args)))

    return translate


def _abs(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("number", func.abs(to.filled(args[0], "number")), not to._blank_equals)


def _text_test(sql: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        if any(arg.kind not in ("text", "blank") for arg in args):
            raise NotInSql("not_in_sql", node, function=node.function)
        text, part = (to.filled(arg, "text") for arg in args)
        found = func.strpos(text, part) > 0 if sql == "contains" else func.starts_with(text, part)
        return Sql("logical", found)

    return translate


_OPERATIONS: Final[Mapping[str, Operation]] = {
    **{operator: _compare(operator) for operator in ("=", "<>", "<", "<=", ">", ">=")},
    **{operator: _arithmetic(operator) for operator in ("+", "-", "*")},
    "AND": _logical(and_),
    "OR": _logical(or_),
    "NOT": _not,
    "&": _join,
    "IF": _if,
    "ISBLANK": _is_blank,
    "COALESCE": _coalesce,
    "MIN": _extreme("least"),
    "MAX": _extreme("greatest"),
    "ABS": _abs,
    "CONTAINS": _text_test("contains"),
    "STARTSWITH": _text_test("starts"),
}
_CATCHES: Final = frozenset[str]()
