"""created, updated, deleted: what happens to records, whoever does it.

They hear of it a moment later, so nobody's write is refused by what they do. `old.` in the condition is the record as
it was before. What an import writes starts nothing unless the trigger says `imports`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flow_engine.elements.uses import Asked, Uses
from flow_engine.triggers.base import Trigger, TriggerType, when_of

OLD = "~"
"""The scope of formulas that may read what was before (see `definition.compile`)."""


@dataclass(frozen=True, kw_only=True)
class Change(Trigger):
    """A record of the form was written."""

    imports: bool = False

    def uses(self) -> Uses:
        """The condition, which sees two records."""
        asked = (Asked("/when", self.when, ("logical",), row=OLD),) if self.when else ()
        return replace(super().uses(), conditions=(), asked=asked)


@dataclass(frozen=True, kw_only=True)
class Created(Change):
    """A record is there: it was made, or a draft was submitted."""

    name: ClassVar[str] = "created"


@dataclass(frozen=True, kw_only=True)
class Updated(Change):
    """A record changed; with `fields`, one of these did."""

    name: ClassVar[str] = "updated"

    fields: tuple[str, ...] = ()

    def uses(self) -> Uses:
        """The fields as well."""
        return replace(super().uses(), fields=(("/fields", self.fields),))


@dataclass(frozen=True, kw_only=True)
class Deleted(Change):
    """A record was put into the bin; the run is about it there."""

    name: ClassVar[str] = "deleted"


_IMPORTS: Mapping[str, Any] = {"imports": {"type": "boolean"}}
_FIELDS: Mapping[str, Any] = {"type": "array", "minItems": 1, "maxItems": 100, "items": {"$ref": "#/$defs/key"}}


def _updated(raw: Mapping[str, Any]) -> Updated:
    return Updated(when=when_of(raw), imports=raw.get("imports", False), fields=tuple(raw.get("fields", ())))


CREATED = TriggerType("created", _IMPORTS, lambda raw: Created(when=when_of(raw), imports=raw.get("imports", False)))
UPDATED = TriggerType("updated", {**_IMPORTS, "fields": _FIELDS}, _updated)
DELETED = TriggerType("deleted", _IMPORTS, lambda raw: Deleted(when=when_of(raw), imports=raw.get("imports", False)))
