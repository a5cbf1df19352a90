"""What everything that the machine puts beside a step shares."""

from collections.abc import Mapping
from typing import Any

from formloom.errors import IllegalTransition

from flow_engine.elements.due import Due
from flow_engine.machine.events import Reseated, TakenBack
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk


class Beside:
    """No timers, no lists inside, nobody else to ask."""

    def reseat(self, walk: Walk, visit: Visit, event: Reseated) -> None:
        """Whoever mends something does it themselves."""
        raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": ()})

    def take_back(self, walk: Walk, visit: Visit, event: TakenBack) -> None:
        """What was mended stays so."""
        raise IllegalTransition("decision_not_offered", {"decision": "take_back", "offered": ()})

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """Nothing is due."""

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """Nothing is waited for outside."""

    def list_ended(self, walk: Walk) -> None:
        """Nothing stands inside."""

    def due_actions(self) -> Due | None:
        """None: nobody hurries whoever mends something."""
        return None
