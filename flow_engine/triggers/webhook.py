"""webhook: another system tells of something, by a signed request (Standard Webhooks)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from formloom.errors import Issue

from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Formula
from flow_engine.triggers.base import Trigger, TriggerType, when_of
from flow_engine.triggers.sources import Mapped, parse_mapping, plain, pointed
from form_engine.definition import CompiledForm


@dataclass(frozen=True, kw_only=True)
class Webhook(Trigger):
    """The run is on a record that is made from what was sent (`create`), on the one that has these values (`find`,
    where `change` is written into it), or on each for which `where` holds.

    With `find` and `create` a record is made where none is found.
    """

    name: ClassVar[str] = "webhook"

    create: tuple[Mapped, ...] | None = None
    find: tuple[Mapped, ...] | None = None
    change: tuple[Mapped, ...] = ()
    where: Formula | None = None

    def uses(self) -> Uses:
        """The filter and what is set."""
        asked = (Asked("/where", self.where, ("logical",)),) if self.where else ()
        writes = tuple((at, plain(mapping)) for at, mapping in self._mappings() if plain(mapping))
        return replace(super().uses(), asked=asked, writes=writes)

    def problems(self, form: CompiledForm) -> Iterator[Issue]:
        """It says what to work on, and the pointers are some."""
        if self.create is None and self.find is None and self.where is None:
            yield Issue("/create", "missing_key")
        if self.where is not None and (self.create is not None or self.find is not None):
            yield Issue("/where", "unknown_key")
        for at, mapping in (*self._mappings(), ("/find/by", self.find or ())):
            yield from pointed(mapping, form, at)

    def _mappings(self) -> tuple[tuple[str, tuple[Mapped, ...]], ...]:
        return (("/create/set", self.create or ()), ("/find/set", self.change))


def _parse(raw: Mapping[str, Any]) -> Webhook:
    found = raw.get("find", {})
    return Webhook(
        when=when_of(raw),
        create=parse_mapping(raw["create"].get("set")) if "create" in raw else None,
        find=parse_mapping(found["by"]) if found else None,
        change=parse_mapping(found.get("set")),
        where=Formula(raw["where"]) if "where" in raw else None,
    )


_SET: Mapping[str, Any] = {"$ref": "#/$defs/set"}
_POINTERS: Mapping[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 5,
    "propertyNames": {"$ref": "#/$defs/key"},
    "additionalProperties": {
        "type": "object",
        "required": ["pointer"],
        "additionalProperties": False,
        "properties": {"pointer": {"type": "string", "maxLength": 500}},
    },
}
TYPE = TriggerType(
    "webhook",
    {
        "create": {"type": "object", "additionalProperties": False, "properties": {"set": _SET}},
        "find": {
            "type": "object",
            "required": ["by"],
            "additionalProperties": False,
            "properties": {"by": _POINTERS, "set": _SET},
        },
        "where": {"$ref": "#/$defs/formula"},
    },
    _parse,
)
