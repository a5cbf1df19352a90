"""A formula as it stands in a definition, and where the formulas in a field's own config stand."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from form_engine.fields.base import ConfigError
from form_engine.formula import FormulaError, Node, parse

Expected: TypeAlias = Literal["logical", "text", "number", "any"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that parsed. What it means depends on where it stands: `compile_form` checks and compiles it."""

    text: str
    node: Node = field(repr=False, compare=False)
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FormulaUse:
    """A formula in a field's config: its scope (`target` and `row` as form paths, `order` or `order.lines`) and
    what it must give.
    """

    name: str
    formula: Formula
    expected: Expected = "any"
    target: str | None = None
    row: str | None = None
    own: bool = True
    """May read the fields of the record that the field belongs to."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A config key that names a form (`order`), a table of one (`order.lines`), or a field there (`field`)."""

    pointer: str
    form: str
    field: str | None = None
    links_to_owner: bool = False
    """`field` must be a link to the form that this field belongs to."""
    single: bool = False
    """And to one record only."""


def read_formula(text: str, at: str = "") -> Formula:
    """Parse, or raise `ConfigError` with the formula's own code and position."""
    try:
        return Formula(text, parse(text), at)
    except FormulaError as error:
        raise ConfigError(at, error.code, **error.params) from None
