"""What subscribers hear, inside the transaction, when a record has changed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.write import Action

QUIET: Final = ("import:", "undo:import:", "publish:", "sample:")
"""How `via` begins where what was written starts no flow that does not say so."""


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

    @property
    def quiet(self) -> bool:
        """See `BatchChanged`: `tell_changes.sql` says the same."""
        return (self.via or "").startswith(QUIET)


Subscriber = Callable[[Session, RecordChanged], None]


@dataclass(frozen=True, slots=True)
class BatchChanged:
    """Records of one form, at most some hundreds, that were written at once, with their new versions."""

    form: str
    changes: Sequence[tuple[int, int]]
    quiet: bool
    """An import brought them in or took them back, a publish converted them, or they are samples."""
    load: Callable[[], Sequence[RecordChanged]]
    """The writes as they were; those of records that were purged since are left out."""

    @property
    def records(self) -> tuple[int, ...]:
        """The ids."""
        return tuple(record for record, _ in self.changes)


@dataclass(frozen=True, slots=True)
class LateSubscriber:
    """Hears, a moment after the commit, of what changes in the forms to which live flows listen, whoever changed it.

    `hear_batch` comes first: it does what it can do for all of a batch at once (one write is a batch of one), and
    returns the records for which `hear` is to be called as well, a few in a transaction. `hear` gets one write as it
    was.
    """

    hear: Subscriber
    hear_batch: Callable[[Session, BatchChanged], Collection[int]]
