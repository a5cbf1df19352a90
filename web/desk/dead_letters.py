"""Dead letters of the outbox as administrators see them: work that was given up, and sending it again."""

from collections.abc import Mapping
from typing import Any

from formloom import audit, messages, outbox
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.models import OutboxItem
from sqlalchemy.orm import Session

from form_engine.records.actor import Actor

CODES = ("unknown_dead_letter",)


def dead_letters_json(session: Session) -> list[dict[str, Any]]:
    """The latest first. What is in them stays in the house: only which run it is about is told."""
    return [_json(item) for item in outbox.dead_letters(session)]


def send_again(session: Session, letter: int, actor: Actor) -> dict[str, Any]:
    """Try one again as if for the first time; a message as the ledger does it. Audited.

    Raises NotFound; Conflict `not_to_be_resent` for a message that arrived meanwhile.
    """
    item = session.get(OutboxItem, (workspace_of(session), letter))
    if item is None or item.dead_at is None or item.done_at is not None:
        raise NotFound("unknown_dead_letter", {"letter": letter})
    told = _json(item)
    if item.kind == messages.KIND:
        messages.resend(session, int(item.payload["message"]))
    else:
        outbox.revive(session, letter)
    audit.append(session, actor.ref, "outbox.resent", f"outbox:{letter}", {"kind": item.kind})
    return told


def _json(item: OutboxItem) -> dict[str, Any]:
    payload: Mapping[str, Any] = item.payload
    return {
        "id": item.id,
        "kind": item.kind,
        "attempts": item.attempts,
        "error": item.last_error,
        "run": payload.get("run"),
        "created_at": item.created_at.isoformat(),
        "dead_at": item.dead_at.isoformat() if item.dead_at is not None else None,
    }
