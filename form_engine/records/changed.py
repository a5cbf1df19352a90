"""What subscribers hear, inside the transaction, when a record has changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


Subscriber = Callable[[Session, RecordChanged], None]


@dataclass(frozen=True, slots=True)
class LateSubscriber:
    """A subscriber that hears of what the steps of flows write, too: a moment later, in a transaction of its own.

    A step pays for that only on the forms (by key) that somebody `wants`.
    """

    hear: Subscriber
    wants: Callable[[str], bool]


def nobody(form: str) -> bool:
    """Of which no listener wants to hear."""
    return False


def anybody(listeners: Sequence[LateSubscriber]) -> Callable[[str], bool]:
    """Whether one of these wants to hear of a form."""
    return lambda form: any(listener.wants(form) for listener in listeners)
