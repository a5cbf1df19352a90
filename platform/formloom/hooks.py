"""Webhooks that come in: the keys that sign them, and the ids that were taken in (ADR 089)."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from formloom import audit
from formloom.clock import app_now
from formloom.connections import BOTH_VALID, new_secret
from formloom.db.uow import workspace_of
from formloom.models import HookDelivery, HookSecret
from formloom.sealing import seal, unseal
from formloom.settings import Settings
from formloom.signing import same

TOLERANCE: Final = timedelta(minutes=5)
_ID = re.compile(r"[A-Za-z0-9_:=+/-]{1,200}")
_STAMP = re.compile(r"[0-9]{1,10}")
_MOST_SIGNATURES = 10


def verified(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """The id of a delivery that one of these keys signed a moment ago, else None; nobody is told why."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (_ID.fullmatch(message_id) and _STAMP.fullmatch(stamp)):
        return None
    at = datetime.fromtimestamp(int(stamp), UTC)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    given = [found for part in headers.get("webhook-signature", "").split()[:_MOST_SIGNATURES] if (found := _raw(part))]
    # Every key and signature is compared, so that the time tells nothing.
    good = [same(_raw(Webhook(key).sign(message_id, at, text)) or b"", found) for key in secrets for found in given]
    return message_id if any(good) and abs(now - at) <= TOLERANCE else None


def rotate(session: Session, settings: Settings, flow: str, actor: str) -> str:
    """A new key, to be shown now and never again; the one of before is good for a day more, and older ones are not."""
    now, own = app_now(session), new_secret()
    mine = (HookSecret.workspace_id == workspace_of(session), HookSecret.flow == flow)
    before = session.scalars(select(HookSecret).where(*mine).order_by(HookSecret.id.desc()).with_for_update()).all()
    for old in before[1:]:
        session.delete(old)
    if before:
        before[0].expires_at = min(before[0].expires_at or now + BOTH_VALID, now + BOTH_VALID)
    sealed = seal(settings.secret_key, _purpose(session, flow), {"secret": own})
    session.add(HookSecret(workspace_id=workspace_of(session), flow=flow, sealed=sealed, created_by=actor))
    session.flush()
    audit.append(session, actor, "hook.rotated", f"flow:{flow}", {})
    return own


def revoke(session: Session, flow: str, actor: str) -> int:
    """No key opens the flow any more; how many did."""
    mine = (HookSecret.workspace_id == workspace_of(session), HookSecret.flow == flow)
    gone = len(session.execute(delete(HookSecret).where(*mine).returning(HookSecret.id)).all())
    audit.append(session, actor, "hook.revoked", f"flow:{flow}", {"keys": gone})
    return gone


def keys(session: Session, flow: str | None = None) -> Sequence[HookSecret]:
    """The keys that are good now, the newest first."""
    good = or_(HookSecret.expires_at.is_(None), HookSecret.expires_at > app_now(session))
    mine = (HookSecret.workspace_id == workspace_of(session), good, *([HookSecret.flow == flow] if flow else []))
    return session.scalars(select(HookSecret).where(*mine).order_by(HookSecret.flow, HookSecret.id.desc())).all()


def check(session: Session, settings: Settings, flow: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """The id of a delivery that is really one for this flow. The age goes by the time of the database."""
    now = session.execute(select(func.now())).scalar_one()
    return verified([_open(session, settings, one) for one in keys(session, flow)], headers, body, now)


def take(session: Session, flow: str, delivery_id: str) -> bool:
    """Note a delivery in the transaction that acts on it; False when it was taken in before.

    A twin that comes at the same moment waits until this transaction is in.
    """
    row = {"workspace_id": workspace_of(session), "flow": flow, "delivery_id": delivery_id}
    statement = insert(HookDelivery).values(**row).on_conflict_do_nothing().returning(HookDelivery.flow)
    return session.execute(statement).first() is not None


def _open(session: Session, settings: Settings, row: HookSecret) -> str:
    return str(unseal(settings.secret_key, _purpose(session, row.flow), row.sealed)["secret"])


def _purpose(session: Session, flow: str) -> str:
    return f"hook:{workspace_of(session)}:{flow}"


def _raw(signature: str) -> bytes | None:
    version, _, text = signature.partition(",")
    if version != "v1" or len(text) > 100:
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None
