"""API tokens: a program that acts as a person, within scopes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import ApiToken
from formloom.signing import new_token, token_hash

# Recognisable, so that scanners find one that was published by mistake.
PREFIX = "flm_"


def create_api_token(
    session: Session, person_id: int, name: str, scopes: Iterable[str], valid_for: timedelta | None = None
) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown once and kept nowhere."""
    text = PREFIX + new_token()
    now = session.execute(select(func.now())).scalar_one()
    token = ApiToken(
        workspace_id=workspace_of(session),
        person_id=person_id,
        name=name,
        token_hash=token_hash(text),
        scopes=sorted(set(scopes)),
        expires_at=now + valid_for if valid_for else None,
    )
    session.add(token)
    session.flush()
    return token, text


def revoke_api_token(session: Session, token_id: int) -> bool:
    """End a token at once; False when there is none to end."""
    mine = (ApiToken.workspace_id == workspace_of(session), ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    return (
        session.execute(update(ApiToken).where(*mine).values(revoked_at=func.now()).returning(ApiToken.id)).first()
        is not None
    )


def api_tokens(session: Session, *, before: int | None = None, limit: int = 50) -> Sequence[ApiToken]:
    """A page of all that were made, the latest first, also of those that ended."""
    wanted = select(ApiToken).where(ApiToken.workspace_id == workspace_of(session))
    if before is not None:
        wanted = wanted.where(ApiToken.id < before)
    return session.scalars(wanted.order_by(ApiToken.id.desc()).limit(limit)).all()
