"""The reasons among which somebody picks who rejects, returns or declines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Text = Mapping[str, str] | str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that can be picked; `label` per locale."""

    key: str
    label: Text


def read_reasons(raw: Mapping[str, Any]) -> tuple[Reason, ...]:
    """The `reasons` of an outcome or an offer; one without a label is called by its key."""
    return tuple(
        Reason(one, one) if isinstance(one, str) else Reason(one["key"], one["label"]) for one in raw.get("reasons", ())
    )
