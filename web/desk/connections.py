"""Connections and inbound webhooks, in pages and by the API."""

from typing import Any
from uuid import uuid4

from formloom import hooks, messages
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.i18n import localized
from formloom.models import Connection, Role, Workspace
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.triggers.webhook import Webhook
from web.context import services
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext

KIND = {
    "wecom": N_("WeCom bot"),
    "dingtalk": N_("DingTalk bot"),
    "feishu": N_("Feishu bot"),
    "webhook": N_("Webhook receiver"),
}
TEST_WORDS = N_("A test of Formloom: this connection works.")


def connection_json(row: Connection) -> dict[str, Any]:
    """Without anything secret."""
    return {
        "key": row.key,
        "kind": row.kind,
        "title": row.title,
        "host": row.hint,
        "role": row.role,
        "created_at": row.created_at.isoformat(),
        "changed_at": row.changed_at.isoformat(),
    }


def connection_lines(session: Session) -> list[dict[str, Any]]:
    """The same in words, for a page."""
    rows = services().connections.listing(session)
    return [{**connection_json(row), "kind_word": gettext(KIND.get(row.kind, row.kind))} for row in rows]


def roles_to_choose(session: Session) -> list[tuple[str, str]]:
    """Keys and titles of the roles there are."""
    found = session.scalars(select(Role).where(Role.workspace_id == workspace_of(session)).order_by(Role.key))
    return [(role.key, localized(role.title, current_locale()) or role.key) for role in found]


def try_out(session: Session, key: str) -> int:
    """Send a test by a connection; the id of its line in the ledger. Raises NotFound."""
    row = services().connections.find(session, key)
    words = gettext(TEST_WORDS)
    body = '{"type":"test","data":{}}' if row.kind == "webhook" else words
    line = messages.Line(
        channel="webhook" if row.kind == "webhook" else "bot",
        recipient=row.title,
        subject=words,
        body=body,
        key=f"test:{uuid4().hex}",
        kind="test",
        about={"connection": key, "headers": {}},
    )
    found = messages.post(session, line)
    assert found is not None  # noqa: S101  its key is new
    return found


def hooks_json(session: Session) -> list[dict[str, Any]]:
    """The live flows that webhooks start."""
    store, locale = services().flows.definitions, current_locale()
    keys: dict[str, list[dict[str, Any]]] = {}
    for one in hooks.keys(session):
        expires = one.expires_at.isoformat() if one.expires_at else None
        keys.setdefault(one.flow, []).append({"created_at": one.created_at.isoformat(), "expires_at": expires})
    found = []
    for key in sorted(store.live_versions(session)):
        flow = store.live(session, key)
        if _by_webhook(flow):
            title = localized(flow.title, locale)
            found.append({"flow": key, "title": title, "address": _address(session, key), "keys": keys.get(key, [])})
    return found


def hooked_flow(session: Session, key: str) -> None:
    """Raises NotFound unless a webhook starts this flow."""
    store = services().flows.definitions
    if key not in store.live_versions(session) or not _by_webhook(store.live(session, key)):
        raise NotFound("unknown_flow", {"flow": key})


def _by_webhook(flow: Any) -> bool:
    return isinstance(flow.trigger, Webhook)


def _address(session: Session, flow: str) -> str:
    workspace = session.get_one(Workspace, workspace_of(session))
    return f"{services().settings.public_url}/hooks/{workspace.key}/{flow}"
