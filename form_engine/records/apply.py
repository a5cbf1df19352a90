"""Handing writes to the database, and what it may answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from formloom.errors import Conflict
from formloom.outbox.queue import TOPIC as OUTBOX
from formloom.wakeups import announce
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.recalculation.drain import soon
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms
from form_engine.records.write import RecordWrite, batch_json

_APPLY = text("SELECT try_record_writes(CAST(:batch AS jsonb))")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one write."""

    id: int
    version: int
    number: str | None


class Refused(Exception):  # noqa: N818 - the database's answer, turned into one of our errors by the service
    """The database did not take the batch: `state` is FL001 (version), FL002 (a total moved), FL003 (not unique), FL005
    (a range overlaps), FL006 (what is newly linked to has gone) or 23503 (a file has).
    """

    def __init__(self, state: str, detail: dict[str, Any]) -> None:
        super().__init__(state, detail)
        self.state, self.detail = state, detail


VERSION, TOTAL, UNIQUE, WORLD, OVERLAP, GONE = "FL001", "FL002", "FL003", "FL004", "FL005", "FL006"
NO_FILE = "23503"
"""A foreign key, and the only one that a write can break: the file was swept meanwhile."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Writes as the database takes them; `stirring`: how many of them others are worked out anew after."""

    json: str
    stirring: int


def pack(forms: Forms, writes: Sequence[RecordWrite], actor: Actor, at: datetime, via: str | None = None) -> Packed:
    """A batch that may be applied later, as long as no form is published in between."""
    told = orjson.dumps(batch_json(writes, actor, at, via, forms.mark)).decode()
    return Packed(told, sum(1 for write in writes if write.stirs or write.stirs_up))


def apply_writes(
    session: Session, forms: Forms, writes: Sequence[RecordWrite], actor: Actor, at: datetime, via: str | None = None
) -> list[Applied]:
    """Apply a batch whole, or raise `Refused` and leave the transaction usable.

    Raises Conflict `definition_changed` when a form was published after the batch was planned.
    """
    return apply_packed(session, forms, pack(forms, writes, actor, at, via), actor)


def apply_packed(session: Session, forms: Forms, packed: Packed, actor: Actor) -> list[Applied]:
    """As `apply_writes`."""
    answers = session.scalar(_APPLY, {"batch": packed.json})
    if isinstance(answers, dict):
        if answers["refused"] == WORLD:
            raise Conflict("definition_changed")
        raise Refused(answers["refused"], answers["detail"])
    if answers and answers[0].get("heard"):
        announce(session, [OUTBOX])
    if packed.stirring:
        soon(session, forms, actor.ref, packed.stirring)
    return [Applied(answer["id"], answer["version"], answer["number"]) for answer in answers or ()]
