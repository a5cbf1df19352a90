"""The one registry: every function and operator of the language, a family a file.

`web/client/formula/functions/` mirrors it; `tests/vectors/formula_signatures.json` holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..signature import Function
from . import aggregate, date, lists, logic, math, operators, people, place, text

FAMILIES = (operators, logic, math, aggregate, text, date, lists, people, place)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for family in FAMILIES for function in family.FUNCTIONS}
)
#: What a person may write with brackets; the rest are signs, and what the parser and the checker make of them.
CALLABLE = frozenset(name for name in FUNCTIONS if name.isupper() and name not in ("IN", "LIST"))
