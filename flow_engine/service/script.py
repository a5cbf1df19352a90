"""What `flow_apply_step` is to store (`arguments` hands it over), put together while effects are played."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass
class Script:
    """Everything that one step stores. Lists keep the order of the effects."""

    workspace: int
    at: datetime
    actor: str
    record: int
    run: Json
    writes: list[Json] = field(default_factory=list)
    finish: Json | None = None
    close: dict[int, int] = field(default_factory=dict)
    """Visits where nobody is asked any more, with how many timers they have."""
    drop: list[Json] = field(default_factory=list)
    """Single tasks that close while their visit goes on."""
    passed: list[Json] = field(default_factory=list)
    """Tasks that would have been opened, and were passed over."""
    open: list[Json] = field(default_factory=list)
    invite: list[Json] = field(default_factory=list)
    timers: list[Json] = field(default_factory=list)
    notify: list[Json] = field(default_factory=list)
    outbox: list[Json] = field(default_factory=list)
    more: list[Json] = field(default_factory=list)
    """What rarer effects store, each by the SQL function that its `fn` names (`flow_more_…`)."""
    audit: Json = field(default_factory=dict)
    journal: list[Json] = field(default_factory=list)
    answer: Json | None = None

    def ask(self, person: int, task: Json, actions: str) -> None:
        """Open a task for a person, with these rights on the record. A visit gives a person rights only once."""
        first = all(other.get("person") != person or other["visit"] != task["visit"] for other in self.open)
        self.open.append({**task, "person": person, "grant": first, "actions": actions})

    def post(self, kind: str, payload: Json) -> None:
        """Work for the outbox, once the step is stored; the run's id is added."""
        self.outbox.append({"kind": kind, "payload": payload})

    @property
    def people(self) -> list[int]:
        """Whose inbox changes, as far as the script knows (perhaps twice)."""
        asked = [task["person"] for task in self.open if task.get("person") is not None]
        told = [note["person"] for note in self.notify]
        acted = [self.finish["person"]] if self.finish and self.finish["person"] is not None else []
        dropped = [task["person"] for task in self.drop if task["person"] is not None]
        return [*acted, *asked, *told, *dropped]
