"""What subscribers hear, inside the transaction, when a record has changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.write import Action


@dataclass(frozen=True, slots=True)
class RecordChanged:
    """`before` is None for a new record. A draft that is saved says `created` or `updated` with `after.draft` set."""

    before: Fact | None
    after: Fact
    action: Action
    actor: Actor
    via: str | None = None
    """What wrote it, where that is more than the actor: `run:7`, `import:3`, `bulk:…`."""
    said: Mapping[str, Any] | None = None
    """What the person said besides the values, for subscribers that know what it means."""


Subscriber = Callable[[Session, RecordChanged], None]


@dataclass(frozen=True, slots=True)
class BatchChanged:
    """What an import brought in or took back, or a publish converted: records of one form with their new versions."""

    form: str
    changes: Sequence[tuple[int, int]]

    @property
    def records(self) -> tuple[int, ...]:
        """The ids."""
        return tuple(record for record, _ in self.changes)


@dataclass(frozen=True, slots=True)
class LateSubscriber:
    """Hears, a moment after the commit, of what changes in the forms to which live flows listen, whoever changed it.

    `hear` gets one write as it was, in a transaction of its own; `hear_batch` what was written many at a time.
    """

    hear: Subscriber
    hear_batch: Callable[[Session, BatchChanged], None]
