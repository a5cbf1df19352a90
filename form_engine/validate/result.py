"""What validation gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from form_engine.fields.base import Json
from form_engine.formula import Value


@dataclass(frozen=True, slots=True)
class Clean:
    """A record that may be stored.

    `values` is the whole document: every field that is not computed, canonical, blank as None; rows carry their `id`.
    `computed` are the formula fields by key, as formulas calculated them (an `ErrorValue` may be among them).
    """

    values: dict[str, Json]
    computed: Mapping[str, Value] = field(default_factory=dict)
