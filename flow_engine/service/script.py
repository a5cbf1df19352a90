"""The argument of `flow_apply_step`, as it is put together while the machine's effects are played."""

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
    finish: list[Json] = field(default_factory=list)
    close: list[Json] = field(default_factory=list)
    open: list[Json] = field(default_factory=list)
    invite: list[Json] = field(default_factory=list)
    timers: list[Json] = field(default_factory=list)
    notify: list[Json] = field(default_factory=list)
    outbox: list[Json] = field(default_factory=list)
    audit: Json = field(default_factory=dict)
    journal: list[Json] = field(default_factory=list)
    answer: Json | None = None

    def to_json(self, machine: int) -> Json:
        """As the SQL function reads it (its head comment says what each part is)."""
        return {
            "workspace": self.workspace,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "machine": machine,
            "run": self.run,
            "record": self.record,
            "journal": {"told": self.journal},
            "writes": self.writes,
            "finish": self.finish,
            "close": self.close,
            "open": self.open,
            "invite": self.invite,
            "timers": self.timers,
            "notify": self.notify,
            "outbox": self.outbox,
            "audit": self.audit,
            "answer": self.answer,
        }
