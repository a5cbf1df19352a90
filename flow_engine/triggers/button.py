"""button: somebody presses a button on a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from flow_engine.elements.outcome import Text
from flow_engine.elements.uses import Uses
from flow_engine.elements.who import Who, parse_people
from flow_engine.triggers.base import Trigger, TriggerType, when_of


@dataclass(frozen=True, kw_only=True)
class Button(Trigger):
    """Offered to these people. `fields` are what they may fill when they press, `require` what must not be blank
    then."""

    name: ClassVar[str] = "button"
    holds: ClassVar[bool] = True

    label: Text
    by: tuple[Who, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    require: tuple[str, ...] = ()

    def uses(self) -> Uses:
        """Who may press, and the fields."""
        fields = (("/fields", tuple(self.fields)), ("/require", self.require))
        return replace(super().uses(), people=(("/by", self.by),), fields=fields)


def _parse(raw: Mapping[str, Any]) -> Button:
    return Button(
        when=when_of(raw),
        label=raw["label"],
        by=parse_people(raw["by"]),
        fields=raw.get("fields", {}),
        require=tuple(raw.get("require", ())),
    )


TYPE = TriggerType(
    "button",
    {
        "label": {"$ref": "#/$defs/text"},
        "by": {"$ref": "#/$defs/people"},
        "fields": {"$ref": "#/$defs/fields"},
        "require": {"type": "array", "maxItems": 100, "items": {"$ref": "#/$defs/key"}},
    },
    _parse,
    required=("label", "by"),
)
