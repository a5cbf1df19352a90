"""What subscribers hear, inside the transaction, when a record has changed."""

from collections.abc import Callable
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
