"""The delivery ledger: what was said to whom, by which channel, and what became of it."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from formloom import audit, messages
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from web.api.door import ApiBlueprint, Body, Count
from web.api.once import once
from web.context import transaction
from web.desk.messages import deliveries, delivery_json
from web.identity import actor_of, me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("messages", "messages", url_prefix="/messages", description="The delivery ledger")
MOST = 200


class Moment(fields.DateTime):
    """An instant with its offset from UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        found: datetime = super()._deserialize(value, attr, data, **options)
        if found.tzinfo is None:
            raise self.make_error("invalid")
        return found


class OwnArgs(Body):
    """``before``: ids below this one, for the next page."""

    before = Count()
    limit = Count(load_default=50, validate=validate.Range(1, MOST, error="bad_limit"))


class MessagesArgs(OwnArgs):
    """Filters, together; ``q`` is part of recipient or subject."""

    status = fields.String(validate=validate.OneOf(messages.STATUSES, error="unknown_choice"))
    channel = fields.String(validate=validate.OneOf(messages.CHANNELS, error="unknown_choice"))
    kind = fields.String(validate=validate.Length(max=40, error="too_long"))
    person = Count()
    run = Count()
    since = Moment()
    until = Moment()
    q = fields.String(validate=validate.Length(max=200, error="too_long"))


class MessageAnswer(ma.Schema):
    """``error`` says in words what went wrong the last time; ``next_at`` when it is tried (again)."""

    id = fields.Integer()
    channel = fields.String(validate=validate.OneOf(messages.CHANNELS))
    kind = fields.String()
    recipient = fields.String()
    subject = fields.String()
    body = fields.String()
    status = fields.String(validate=validate.OneOf(messages.STATUSES))
    attempts = fields.Integer()
    error = fields.String(allow_none=True)
    run = fields.Integer(allow_none=True)
    may_resend = fields.Boolean()
    at = fields.DateTime()
    sent_at = fields.DateTime(allow_none=True)
    next_at = fields.DateTime(allow_none=True)
    read_at = fields.DateTime(allow_none=True)


class MessagesAnswer(ma.Schema):
    """A page, the latest first; ``next`` is what ``before`` takes."""

    items = fields.List(fields.Nested(MessageAnswer))
    next = fields.Integer(allow_none=True)


@blueprint.route("")
class Ledger(MethodView):
    """Everybody's."""

    @policy(admin, scope="admin")
    @blueprint.arguments(MessagesArgs, location="query")
    @blueprint.alt_response(200, schema=MessagesAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List messages, the latest first"""
        before, limit = args.pop("before", None), args.pop("limit")
        with transaction() as session:
            return jsonify(page(session, messages.Wanted(**args), before, limit))


@blueprint.route("/mine")
class Mine(MethodView):
    """The caller's own."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.arguments(OwnArgs, location="query")
    @blueprint.alt_response(200, schema=MessagesAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List what was sent to me, the latest first"""
        with transaction() as session:
            wanted = messages.Wanted(person=me().person_id)
            return jsonify(page(session, wanted, args.get("before"), args["limit"]))


@blueprint.route("/<int:message_id>/resend")
class Resend(MethodView):
    """Another try."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=MessageAnswer)
    def post(self, message_id: int) -> Response:
        """Send a message again that failed, was given up or kept; its receiver sees the id of the first time"""

        def work(session: Session) -> tuple[int, dict[str, Any]]:
            found = messages.resend(session, message_id)
            audit.append(session, actor_of(me()).ref, "message.resent", f"message:{message_id}", {})
            return 200, delivery_json(deliveries([found])[0])

        return once(me(), request, work)


def page(session: Session, wanted: messages.Wanted, before: int | None, limit: int) -> dict[str, Any]:
    """A page as the API tells it."""
    rows = messages.listing(session, wanted, before=before, limit=limit)
    items = [delivery_json(one) for one in deliveries(rows)]
    return {"items": items, "next": rows[-1].id if len(rows) == limit else None}
