"""Checks of a flow against the connections that administrators made: bots, receivers of webhooks; what goes along."""

from collections.abc import Iterator

from formloom import bots
from formloom.connections import WEBHOOK
from formloom.db.uow import workspace_of
from formloom.errors import ExternalFailure, Issue
from formloom.models import Connection
from formloom.outgoing import parse_target
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.steps.document import Document
from flow_engine.steps.notify import Notify
from flow_engine.steps.webhook import Webhook

CODES = ("not_a_document",)


def reachable_issues(session: Session, flow: FlowDef) -> Iterator[Issue]:
    """Each with its pointer below the flow."""
    steps = {step.key: step for step in flow.walk()}
    if not any(isinstance(step, Notify | Webhook) for step in steps.values()):
        return
    mine = Connection.workspace_id == workspace_of(session)
    kinds: dict[str, str] = {
        row.key: row.kind for row in session.execute(select(Connection.key, Connection.kind).where(mine))
    }
    for step in steps.values():
        if isinstance(step, Notify):
            for at, way in enumerate(step.channels or ()):
                key = way.removeprefix("bot:")
                if way != key and kinds.get(key) not in bots.BOTS:
                    yield Issue(f"{step.pointer}/channels/{at}", "unknown_connection", {"key": key})
            for at, key in enumerate(step.attach):
                if key in steps and not isinstance(steps[key], Document):
                    yield Issue(f"{step.pointer}/attach/{at}", "not_a_document", {"step": key})
        elif isinstance(step, Webhook) and step.connection is not None:
            if kinds.get(step.connection) != WEBHOOK:
                yield Issue(f"{step.pointer}/connection", "unknown_connection", {"key": step.connection})
        elif isinstance(step, Webhook):
            try:
                parse_target(step.url or "")
            except ExternalFailure as error:
                yield Issue(f"{step.pointer}/url", error.code, error.params)
