"""What the functions of the formula language are in SQL, a family a file.

An operation gets arguments that are no errors and says where its own result is one; a choice (IF, IFERROR …) looks at
errors itself. A function that stands in neither cannot be SQL; `REASONS` tells why, where there is more to say.
"""

from collections.abc import Mapping
from typing import Final

from form_engine.query.formula_functions import choices, comparisons, dates, numbers, texts
from form_engine.query.formula_functions.operation import Operation

OPERATIONS: Final[Mapping[str, Operation]] = {
    **comparisons.OPERATIONS,
    **numbers.OPERATIONS,
    **dates.OPERATIONS,
    **texts.OPERATIONS,
}
CHOICES: Final[Mapping[str, Operation]] = choices.CHOICES

REASONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("/", "^", "SQRT", "POWER", "AVERAGE", "MEDIAN"), "division_in_sql"),
    **dict.fromkeys(("UPPER", "LOWER"), "letters_in_sql"),
    **dict.fromkeys(("WORKDAY", "NETWORKDAYS", "ISHOLIDAY"), "calendar_in_sql"),
}
"""Why some functions stay out: PostgreSQL divides to other digits, and knows other letter cases and no calendar."""

__all__ = ["CHOICES", "OPERATIONS", "REASONS", "Operation"]
