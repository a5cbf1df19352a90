"""The hash chain over the audit log: sealed in batches behind all open transactions, so that none waits for another.

What the chain proves: no sealed entry was changed, removed, added or moved. What it cannot: that the newest seals were
not cut off together with their entries; for that an operator keeps a seal elsewhere (`audit verify` prints the last).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, text
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.db.uow import workspace_of
from formloom.models import AuditSeal
from formloom.workspaces import all_workspaces, go_round

BATCH = 1_000
GENESIS = b"\0" * 32

# Older than every open transaction: no entry can still appear before these. The day's grace lets entries be sealed
# that were restored into a server whose transaction numbers begin anew; no transaction of ours lives that long.
_UNSEALED = text("""
    SELECT entry.id, entry.at, entry.actor, entry.action, entry.subject, entry.detail::text AS detail
    FROM audit_entry entry
    LEFT JOIN audit_seal seal ON seal.workspace_id = entry.workspace_id AND seal.entry_id = entry.id
    WHERE entry.workspace_id = :workspace AND seal.entry_id IS NULL
    AND entry.at >= coalesce(
        (SELECT sealed_at - interval '2 days' FROM audit_seal
         WHERE workspace_id = :workspace ORDER BY seq DESC LIMIT 1), '-infinity')
    AND (entry.xid < pg_snapshot_xmin(pg_current_snapshot()) OR entry.at < clock_timestamp() - interval '1 day')
    ORDER BY entry.id LIMIT :most
""")
_CHAIN = text("""
    SELECT seal.seq, seal.entry_id, seal.hash, entry.id, entry.at, entry.actor, entry.action, entry.subject,
           entry.detail::text AS detail
    FROM audit_seal seal
    LEFT JOIN audit_entry entry ON entry.workspace_id = seal.workspace_id AND entry.id = seal.entry_id
    WHERE seal.workspace_id = :workspace ORDER BY seal.seq
""")
_FORGOTTEN = text("""
    SELECT min(entry.id) FROM audit_entry entry
    LEFT JOIN audit_seal seal ON seal.workspace_id = entry.workspace_id AND seal.entry_id = entry.id
    WHERE entry.workspace_id = :workspace AND seal.entry_id IS NULL
    AND entry.at < (SELECT max(sealed_at) - interval '2 days' FROM audit_seal WHERE workspace_id = :workspace)
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the chain stands.

    `broken_entry` is the first entry that is not what was sealed; `reason` is changed, missing, reordered or unsealed.
    `last` is the hash of the newest good seal, to be kept elsewhere.
    """

    ok: bool
    sealed: int
    last: str
    broken_entry: int | None = None
    reason: str | None = None


def seal(databases: Databases, most: int = BATCH) -> int:
    """Seal what is ready in every workspace; returns how many entries. The clock process calls it again and again."""
    return sum(go_round(all_workspaces(databases), "seal", lambda each: _seal_workspace(databases, each, most)))


def verify(session: Session) -> Verdict:
    """Walk the workspace's chain from its beginning and compare every entry with its seal."""
    workspace_id = workspace_of(session)
    before, sealed = GENESIS, 0
    streamed = {"yield_per": 5_000}
    with session.execute(_CHAIN, {"workspace": workspace_id}, execution_options=streamed) as rows:
        for row in rows:
            reason = _fault(before, sealed, workspace_id, row)
            if reason is not None:
                return Verdict(False, sealed, before.hex(), row.entry_id, reason)
            before, sealed = row.hash, sealed + 1
    forgotten = session.execute(_FORGOTTEN, {"workspace": workspace_id}).scalar_one()
    if forgotten is not None:  # slipped in with an old date, behind the sealer's back
        return Verdict(False, sealed, before.hex(), forgotten, "unsealed")
    return Verdict(True, sealed, before.hex())


def _fault(before: bytes, sealed: int, workspace_id: int, row: Row[Any]) -> str | None:
    if row.id is None:
        return "missing"
    if row.seq != sealed + 1:
        return "reordered"
    return "changed" if _link(before, workspace_id, row) != row.hash else None


def _seal_workspace(databases: Databases, workspace_id: int, most: int) -> int:
    with databases.sealer.begin() as connection:
        enter = (
            "SELECT set_config('app.workspace', :it, true), pg_try_advisory_xact_lock(hashtext('formloom.seal'), :low)"
        )
        mine = connection.execute(text(enter), {"it": str(workspace_id), "low": workspace_id % 2**31}).one()[1]
        if not mine:  # another clock is at it
            return 0
        entries = connection.execute(_UNSEALED, {"workspace": workspace_id, "most": most}).all()
        if not entries:
            return 0
        seq, before = _last(connection, workspace_id)
        seals: list[dict[str, Any]] = []
        for number, entry in enumerate(entries, seq + 1):
            before = _link(before, workspace_id, entry)
            seals.append({"workspace_id": workspace_id, "seq": number, "entry_id": entry.id, "hash": before})
        connection.execute(insert(AuditSeal), seals)
        return len(seals)


def _last(connection: Connection, workspace_id: int) -> tuple[int, bytes]:
    newest = select(AuditSeal.seq, AuditSeal.hash).where(AuditSeal.workspace_id == workspace_id)
    row = connection.execute(newest.order_by(AuditSeal.seq.desc()).limit(1)).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _link(before: bytes, workspace_id: int, entry: Row[Any]) -> bytes:
    told = [workspace_id, entry.id, entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.detail]
    return hashlib.sha256(before + orjson.dumps(told)).digest()
