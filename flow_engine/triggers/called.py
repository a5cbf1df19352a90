"""flow: only other flows call it (step `call`); nothing else starts it."""

from dataclasses import dataclass
from typing import ClassVar

from flow_engine.triggers.base import Trigger, TriggerType, when_of


@dataclass(frozen=True, kw_only=True)
class Called(Trigger):
    """A call is refused where the condition does not hold."""

    name: ClassVar[str] = "flow"


TYPE = TriggerType("flow", {}, lambda raw: Called(when=when_of(raw)))
