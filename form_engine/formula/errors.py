"""Why a formula is refused."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from formloom.errors import InvalidDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable

CODES = (
    "formula_too_long",
    "formula_too_deep",
    "formula_too_large",
    "formula_number_too_long",
    "formula_unexpected_character",
    "formula_unterminated_text",
    "formula_unexpected",
    "formula_unexpected_end",
    "formula_unknown_name",
    "formula_unknown_function",
    "formula_argument_count",
    "formula_type",
    "formula_types_differ",
    "formula_currencies_differ",
    "formula_not_a_record",
    "formula_no_row",
    "formula_no_target",
    "formula_needs_table",
    "formula_cycle",
    "formula_bad_tree",
)


class FormulaError(InvalidDefinition):
    """A formula that cannot be parsed or checked.

    `position` and `end` count characters of the text, from 0. `suggestion` is the known word nearest to an unknown
    one. `params` fill the message; `code` is one of `CODES`.
    """

    def __init__(
        self, code: str, position: int = 0, end: int = 0, suggestion: str | None = None, **params: object
    ) -> None:
        told: dict[str, object] = {**params, "position": position}
        if suggestion is not None:
            told["suggestion"] = suggestion
        super().__init__(code, told)
        self.position = position
        self.end = max(end, position)
        self.suggestion = suggestion


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, letter case aside."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None
