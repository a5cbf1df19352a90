"""API tokens in words."""

from typing import Any

from formloom import access, people
from sqlalchemy import func, select
from sqlalchemy.orm import Session

A_PAGE = 50


def tokens_page(session: Session, before: int | None) -> dict[str, Any]:
    """A page of them, the latest first: as whom each acts, for what, until when, and whether it is good."""
    rows = access.api_tokens(session, before=before, limit=A_PAGE + 1)
    page = rows[:A_PAGE]
    names = people.names(session, [one.person_id for one in page])
    now = session.execute(select(func.now())).scalar_one()  # tokens live by the database's time
    items = [
        {
            "id": one.id,
            "name": one.name,
            "person": names.get(one.person_id, ""),
            "scopes": one.scopes,
            "created_at": one.created_at,
            "used_at": one.used_at,
            "expires_at": one.expires_at,
            "state": _state(one.revoked_at is not None, one.expires_at is not None and one.expires_at <= now),
        }
        for one in page
    ]
    return {"items": items, "following": page[-1].id if len(rows) > A_PAGE else None}


def _state(revoked: bool, expired: bool) -> str:
    return "revoked" if revoked else "expired" if expired else "live"
