"""Adding to the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import AuditEntry


def append(session: Session, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    """Note that `actor` (`person:12`) did `action` to `subject` (`task:7`), in the transaction that does it.

    `detail` holds keys, numbers and codes; no personal values: an entry cannot be erased.
    """
    row = {"workspace_id": workspace_of(session), "actor": actor, "action": action, "subject": subject}
    session.execute(insert(AuditEntry).values(**row, detail=dict(detail or {})))
