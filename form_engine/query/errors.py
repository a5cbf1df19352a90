"""What may be wrong with a question."""

from typing import Final

from formloom.errors import InvalidInput, Issue

from form_engine.formula import Node

CODES: Final = (
    "filter_malformed",
    "filter_too_deep",
    "filter_too_long",
    "unknown_field",
    "unknown_operator",
    "not_sortable",
    "bad_cursor",
    "bad_limit",
    "unknown_relative_date",
    "unknown_bucket",
    "no_date_to_bucket",
    "not_measurable",
    "not_groupable",
    "bad_name",
    "not_in_sql",
    "mixed_types_in_sql",
    "division_in_sql",
    "letters_in_sql",
    "calendar_in_sql",
    "too_many_digits_in_sql",
)


def refuse(pointer: str, code: str, **params: object) -> InvalidInput:
    """The error for one thing that is wrong with a filter, an order or a cursor."""
    return InvalidInput("invalid_query", issues=(Issue(pointer, code, params),))


class NotInSql(Exception):  # noqa: N818 - a finding, not a failure: publish tells it, a page never meets it
    """A formula that stands where SQL must run it, and cannot become SQL. `node` is the part that cannot."""

    def __init__(self, code: str, node: Node | None = None, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.node, self.params = code, node, params
