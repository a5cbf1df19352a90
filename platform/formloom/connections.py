"""Connections that administrators make: bots of chats, receivers of webhooks (ADR 087, 088).

What is secret in them is sealed, shown once when it is made here, and never again.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from formloom import audit, bots
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, ExternalFailure, InvalidInput, Issue, NotFound
from formloom.models import Connection, Role
from formloom.outgoing import Outgoing, parse_target
from formloom.sealing import seal, unseal, webhook_key
from formloom.settings import Settings

CODES = ("unknown_connection", "connection_key_taken", "bad_key", "bad_header", "unknown_kind")

WEBHOOK: Final = "webhook"
KINDS: Final = (*bots.BOTS, WEBHOOK)
BOTH_VALID: Final = timedelta(hours=24)
"""So long after a rotation the older key signs as well."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_KEPT_HEADERS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding", "user-agent"})


class Connections:
    """Makes, changes and opens connections; the one place that unseals them."""

    def __init__(self, settings: Settings, outgoing: Outgoing) -> None:
        self._secret_key, self._outgoing = settings.secret_key, outgoing

    def add(
        self,
        session: Session,
        actor: str,
        *,
        key: str,
        kind: str,
        title: str,
        url: str,
        secret: str = "",
        role: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Connection, str | None]:
        """The new connection, and for a receiver of webhooks the key that signs them: shown now and never again.

        Raises InvalidInput, Conflict `connection_key_taken`.
        """
        self._check(session, key, kind, role, headers or {})
        if self._named(session, key) is not None:
            raise Conflict("connection_key_taken", {"key": key})
        told, signing = self._told(kind, url, secret, headers or {})
        row = Connection(
            workspace_id=workspace_of(session), key=key, kind=kind, title=title.strip() or key, hint=_hint(kind, url),
            sealed=self._seal(session, key, told), role=role, created_by=actor,
        )  # fmt: skip
        session.add(row)
        session.flush()
        audit.append(session, actor, "connection.added", f"connection:{row.id}", {"kind": kind, "key": key})
        return row, signing

    def change(
        self,
        session: Session,
        actor: str,
        key: str,
        *,
        title: str | None,
        url: str | None,
        secret: str,
        role: str | None,
    ) -> Connection:
        """Another title, role or address; the keys of webhooks stay. Raises NotFound, InvalidInput."""
        row = self.find(session, key)
        self._check(session, key, row.kind, role, {})
        row.title, row.role = (title or "").strip() or row.title, role
        if url:
            told, _ = self._told(row.kind, url, secret, {})
            if row.kind == WEBHOOK:
                told = {**self.opened(session, row), "url": told["url"]}
            row.sealed, row.hint = self._seal(session, key, told), _hint(row.kind, url)
        row.changed_at = app_now(session)
        session.flush()
        audit.append(session, actor, "connection.changed", f"connection:{row.id}", {"key": key, "address": bool(url)})
        return row

    def rotate(self, session: Session, actor: str, key: str) -> str:
        """A new key for the webhooks of a connection; the older one signs beside it for a day. Raises NotFound."""
        row = self.find(session, key)
        if row.kind != WEBHOOK:
            raise NotFound("unknown_connection", {"key": key})
        told, signing = self.opened(session, row), new_secret()
        until = (app_now(session) + BOTH_VALID).isoformat()
        told["secrets"] = [{"secret": signing, "until": None}, {"secret": told["secrets"][0]["secret"], "until": until}]
        row.sealed, row.changed_at = self._seal(session, key, told), app_now(session)
        session.flush()
        audit.append(session, actor, "connection.rotated", f"connection:{row.id}", {"key": key})
        return signing

    def remove(self, session: Session, actor: str, key: str) -> None:
        """What is still to be sent by it fails and becomes a dead letter. Raises NotFound."""
        row = self.find(session, key)
        audit.append(session, actor, "connection.removed", f"connection:{row.id}", {"key": key})
        session.delete(row)
        session.flush()

    def listing(self, session: Session) -> Sequence[Connection]:
        """All, by title."""
        mine = Connection.workspace_id == workspace_of(session)
        return session.scalars(select(Connection).where(mine).order_by(Connection.title, Connection.id)).all()

    def find(self, session: Session, key: str) -> Connection:
        """By key. Raises NotFound."""
        found = self._named(session, key)
        if found is None:
            raise NotFound("unknown_connection", {"key": key})
        return found

    def opened(self, session: Session, row: Connection) -> dict[str, Any]:
        """Its secrets: for sending, never for showing. Raises Conflict `secret_unreadable`."""
        return unseal(self._secret_key, self._purpose(session, row.key), row.sealed)

    def plain_key(self, session: Session) -> str:
        """What signs webhooks to plain addresses."""
        return webhook_key(self._secret_key, workspace_of(session))

    def signing(self, session: Session, row: Connection) -> tuple[str, ...]:
        """The keys that sign now, the newest first."""
        now = app_now(session)
        told = self.opened(session, row)["secrets"]
        return tuple(
            one["secret"] for one in told if one["until"] is None or datetime.fromisoformat(one["until"]) > now
        )

    def _told(self, kind: str, url: str, secret: str, headers: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
        if kind != WEBHOOK:
            return {"url": bots.check_address(kind, url, secret)}, None
        try:
            parse_target(url)
            self._outgoing.check(url)
        except ExternalFailure as error:
            if error.code not in ("name_unknown", "took_too_long"):  # it may only be away just now
                raise InvalidInput("invalid_input", issues=(Issue("/url", error.code, error.params),)) from error
        signing = new_secret()
        return {"url": url, "secrets": [{"secret": signing, "until": None}], "headers": dict(headers)}, signing

    def _check(self, session: Session, key: str, kind: str, role: str | None, headers: Mapping[str, str]) -> None:
        issues = []
        if _KEY.fullmatch(key) is None:
            issues.append(Issue("/key", "bad_key"))
        if kind not in KINDS:
            issues.append(Issue("/kind", "unknown_kind", {"options": list(KINDS)}))
        mine = (Role.workspace_id == workspace_of(session), Role.key == role)
        if role is not None and session.scalar(select(func.count()).select_from(Role).where(*mine)) == 0:
            issues.append(Issue("/role", "unknown_role", {"role": role}))
        issues += [Issue(f"/headers/{name}", "bad_header") for name, value in headers.items() if not _good(name, value)]
        if issues:
            raise InvalidInput("invalid_input", issues=tuple(issues))

    def _named(self, session: Session, key: str) -> Connection | None:
        mine = (Connection.workspace_id == workspace_of(session), Connection.key == key)
        return session.scalars(select(Connection).where(*mine)).one_or_none()

    def _seal(self, session: Session, key: str, told: Mapping[str, Any]) -> bytes:
        return seal(self._secret_key, self._purpose(session, key), told)

    def _purpose(self, session: Session, key: str) -> str:
        return f"connection:{workspace_of(session)}:{key}"


def new_secret() -> str:
    """A key for signing, as Standard Webhooks writes it (256 bits)."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def _hint(kind: str, url: str) -> str:
    """As much of the address as may be shown: where it leads, not by which key."""
    return parse_target(url).authority if kind == WEBHOOK else parse_target(url.split("?")[0]).host


def _good(name: str, value: str) -> bool:
    plain = value.isascii() and value.isprintable() and len(value) <= 1000
    return (
        bool(_HEADER.fullmatch(name))
        and name.lower() not in _KEPT_HEADERS
        and not name.lower().startswith("webhook-")
        and plain
    )
