"""A formula as SQL, where it can be one.

What reads no row of the query is evaluated by the formula language itself and becomes a parameter; only what depends
on the row becomes SQL (`formula_functions`, a family a file). Whatever SQL cannot say exactly as the evaluator says it
is `NotInSql`, with the part and the reason, at publish: PostgreSQL divides to other digits, knows other letter cases,
and no calendars. An error value is NULL beside a condition that is true where it is one, so that errors spread here as
they do there, and PostgreSQL is never asked for what it would refuse.

`blank_equals` chooses what a blank is: 0, "" or FALSE as in a spreadsheet, or, in access rules, something that never
equals anything (docs/decisions/016).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from sqlalchemy import Boolean, ColumnElement, Integer, case, cast, false, func, literal, not_, null, or_

from form_engine.formula import Call, Literal, Name, Node, Value
from form_engine.query.errors import NotInSql
from form_engine.query.formula_functions import CHOICES, OPERATIONS, REASONS
from form_engine.query.sql_value import ERROR, SQL_TYPES, Size, Sql, constant

MOST_DIGITS: Final = 28
FARTHEST: Final = 100


class Columns(Protocol):
    """Where names come from. Names of another root than `root` are constants to a query."""

    @property
    def root(self) -> str: ...

    def of(self, name: Name) -> Sql | None:
        """The column behind a name; None where the name is not of the row (it is then a constant). Raises NotInSql."""

    def sum_of(self, name: Name) -> Sql | None:
        """The sum over a table's column; None where the name is no such column."""


class Evaluate(Protocol):
    """Answers the parts of a formula that do not depend on the row."""

    def __call__(self, node: Node, /) -> Value: ...

    @property
    def zone(self) -> str:
        """The workspace's time zone, by its IANA name."""


class Translator:
    """Translates one formula."""

    def __init__(self, columns: Columns, evaluate: Evaluate, *, blank_equals: bool = True) -> None:
        self._columns, self._evaluate, self.blank_equals = columns, evaluate, blank_equals

    @property
    def zone(self) -> str:
        """The workspace's time zone."""
        return self._evaluate.zone

    def condition(self, node: Node) -> ColumnElement[bool]:
        """True where the formula is true; a blank or an error is not."""
        found = self.value(node)
        if found.is_error or found.kind == "blank":
            return false()
        if found.kind != "logical":
            raise NotInSql("not_in_sql", node, expected="logical")
        if found.met is not None:
            return found.met
        return found.expression.is_(True) if found.nullable else found.expression

    def value(self, node: Node) -> Sql:
        """The formula's value in SQL."""
        if self.is_constant(node):
            answer = constant(self._evaluate(node))
            if answer is None:
                raise NotInSql("not_in_sql", node)
            return answer
        match node:
            case Name():
                column = self._columns.of(node)
                assert column is not None  # noqa: S101 - is_constant has asked
                return column
            case Call():
                return self._call(node)
            case Literal():
                raise AssertionError("a literal is a constant")

    def constant(self, node: Node) -> Value:
        """The value of a part that reads no row. Raises NotInSql for one that does."""
        if not self.is_constant(node):
            raise NotInSql("not_in_sql", node)
        return self._evaluate(node)

    def is_constant(self, node: Node) -> bool:
        """Whether this part reads no row of the query."""
        match node:
            case Literal():
                return True
            case Name():
                return node.root != self._columns.root
            case Call():
                return all(self.is_constant(arg) for arg in node.args)

    def _call(self, node: Call) -> Sql:
        if node.function == "IN":
            return self._is_in(node)
        if node.function == "SUM" and len(node.args) == 1 and isinstance(node.args[0], Name):
            total = self._columns.sum_of(node.args[0])
            if total is not None:
                return total
        choose = CHOICES.get(node.function)
        if choose is not None:
            return choose(self, node, [self.value(arg) for arg in node.args])
        operation = OPERATIONS.get(node.function)
        if operation is None:
            raise NotInSql(REASONS.get(node.function, "not_in_sql"), node, function=node.function)
        args = [self.value(arg) for arg in node.args]
        if any(arg.is_error for arg in args):
            return ERROR
        return self.guarded(operation(self, node, args), args)

    def guarded(self, found: Sql, args: Sequence[Sql]) -> Sql:
        """`found` where none of its arguments is an error, and it is none itself."""
        errors = [each.error for each in (*args, found) if each.error is not None]
        if not errors:
            return found
        error = or_(*errors)
        return replace(found, expression=case((not_(error), found.expression)), nullable=True, error=error, met=None)

    def filled(self, value: Sql, kind: str) -> ColumnElement[Any]:
        """The expression as `kind`, with a blank as what that makes of it."""
        if value.kind == "blank":
            value = Sql(kind, cast(null(), SQL_TYPES[kind]))
        expression: ColumnElement[Any] = _AS.get((value.kind, kind), lambda given: given)(value.expression)
        if not self.blank_equals or not value.nullable or kind not in EMPTY:
            return expression
        return func.coalesce(expression, literal(EMPTY[kind], SQL_TYPES[kind]))

    def number(self, node: Node, value: Sql) -> ColumnElement[Any]:
        """A number; a blank is 0, TRUE is 1."""
        if value.kind not in ("number", "logical", "blank"):
            raise NotInSql("not_in_sql", node, kind=value.kind)
        return self.filled(value, "number")

    def truth(self, node: Node, value: Sql) -> ColumnElement[bool]:
        """A condition; a blank is FALSE, and so is 0."""
        if value.kind not in ("logical", "number", "blank"):
            raise NotInSql("not_in_sql", node, kind=value.kind)
        return self.filled(value, "logical")

    def sized(self, node: Node, expression: ColumnElement[Any], size: Size, *, nullable: bool) -> Sql:
        """A number of at most this size, rounded to the digits that the language carries."""
        if max(size.whole, size.scale) > FARTHEST:
            raise NotInSql("too_many_digits_in_sql", node)
        if size.digits > MOST_DIGITS:
            size = replace(size, digits=MOST_DIGITS)
            return Sql("number", func.formula_number(expression, type_=SQL_TYPES["number"]), nullable, size=size)
        return Sql("number", expression, nullable, size=size)

    def shared_kind(self, node: Node, args: Sequence[Sql]) -> str:
        """The one kind of all that are not blank and no errors."""
        kinds = {arg.kind for arg in args} - {"blank", "error"}
        if len(kinds) > 1:
            raise NotInSql("mixed_types_in_sql", node, kinds=sorted(kinds))
        return kinds.pop() if kinds else "blank"

    def equal(self, node: Node, left: Sql, right: Sql) -> ColumnElement[bool]:
        """`left = right`. In access rules unknown where one is blank."""
        kind = self.shared_kind(node, [left, right])
        if kind == "blank":
            return literal(self.blank_equals)
        if kind not in SQL_TYPES:
            raise NotInSql("not_in_sql", node, kind=kind)
        if not self.blank_equals and "blank" in (left.kind, right.kind):
            return cast(null(), Boolean)  # SQLAlchemy would write IS NULL, and that can be true
        if kind == "logical":  # a blank is not FALSE
            a, b = left.expression, right.expression
        else:
            a, b = self.filled(left, kind), self.filled(right, kind)
        if self.blank_equals and kind not in ("number", "text") and left.nullable and right.nullable:
            return a.is_not_distinct_from(b)
        return a == b

    def negated(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """NOT. In access rules what is unknown stays unknown, and denies; elsewhere it is a condition not met."""
        return not_(func.coalesce(condition, false()) if self.blank_equals else condition)

    def _is_in(self, node: Call) -> Sql:
        needle, hay = node.args
        if isinstance(hay, Call) and hay.function == "LIST":
            items = [self.value(item) for item in hay.args]
        elif self.is_constant(hay):
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
        met = or_(false(), *(self.equal(node, sought, item) for item in items))
        return self.guarded(Sql("logical", met), [sought, *items])


EMPTY: Final = {"number": 0, "text": "", "logical": False}
"""What a blank is in a spreadsheet's eyes."""

_AS: Final[dict[tuple[str, str], Any]] = {
    ("logical", "number"): lambda given: cast(cast(given, Integer), SQL_TYPES["number"]),
    ("number", "logical"): lambda given: given != 0,
}


__all__ = ["Columns", "Evaluate", "Translator"]
