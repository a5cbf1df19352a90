"""The same request twice is one request: the first answer is kept and given again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import IdempotencyKey

CODES = ("idempotency_key_reused", "idempotency_key_malformed")

KEPT_FOR = timedelta(days=2)
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Mapping[str, Any]


def fingerprint(*parts: bytes | str) -> bytes:
    """What a request was, briefly: method, path, body."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def first_answer(session: Session, actor: str, key: str, print_: bytes) -> Answer | None:
    """The kept answer, or None: then do it, and `keep` what you answer in this same transaction.

    A request with this key that is still under way is waited for. Raises InvalidInput when the key was used for
    another request, or is no key.
    """
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise InvalidInput("idempotency_key_malformed", issues=(Issue("", "idempotency_key_malformed"),))
    lock = f"idempotency:{workspace_of(session)}:{actor}:{key}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(lock, 0))))
    kept = session.get(IdempotencyKey, (workspace_of(session), actor, key))
    if kept is None:
        return None
    if kept.fingerprint != print_:
        raise InvalidInput("idempotency_key_reused", issues=(Issue("", "idempotency_key_reused"),))
    return Answer(kept.status, kept.body)


def keep(session: Session, actor: str, key: str, print_: bytes, answer: Answer) -> None:
    """Keep the answer; it commits with what it answers."""
    row = {"workspace_id": workspace_of(session), "actor": actor, "key": key, "fingerprint": print_}
    session.execute(insert(IdempotencyKey).values(**row, status=answer.status, body=dict(answer.body)))


def forget_old(session: Session) -> int:
    """Drop answers that nobody will ask for again; returns how many."""
    old = (IdempotencyKey.workspace_id == workspace_of(session), IdempotencyKey.created_at < func.now() - KEPT_FOR)
    return len(session.execute(delete(IdempotencyKey).where(*old).returning(IdempotencyKey.key)).all())
