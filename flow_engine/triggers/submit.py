"""submit: a person submits a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flow_engine.triggers.base import Trigger, TriggerType, when_of


@dataclass(frozen=True, kw_only=True)
class Submit(Trigger):
    """The first flow whose condition holds starts, in the transaction that submits."""

    name: ClassVar[str] = "submit"
    holds: ClassVar[bool] = True


def _parse(raw: Mapping[str, Any]) -> Submit:
    return Submit(when=when_of(raw))


TYPE = TriggerType("submit", {}, _parse)
