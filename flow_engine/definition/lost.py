"""What stands in for a published flow that this release cannot read any more: its runs wait, they are not lost."""

from dataclasses import dataclass

from flow_engine.definition.compile import CompiledFlow
from flow_engine.definition.flow import FlowDef
from flow_engine.steps import Step
from flow_engine.triggers import Submit


@dataclass(frozen=True)
class LostFlow(FlowDef):
    """Knows no step and so has one for every key; an administrator can still end its runs, or a later release."""

    @property
    def lost(self) -> bool:
        """Yes."""
        return True

    def step(self, key: str) -> Step:
        """A step that can do nothing, and says its key."""
        return Step(key=key, title=key, pointer="")

    def following(self, key: str) -> str | None:
        """Nobody knows."""
        return None

    def around(self, key: str) -> str | None:
        """Nobody knows."""
        return None

    def after(self, key: str) -> str | None:
        """Nobody knows."""
        return None

    def before(self, key: str) -> tuple[str, ...]:
        """Nobody knows."""
        return ()


def lost_flow(key: str, form: str, version: int) -> CompiledFlow:
    """The stand-in for a version of a flow on this form."""
    return CompiledFlow(LostFlow(key, key, form, Submit(), ()), version, {})
