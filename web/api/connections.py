"""Connections (bots of chats, receivers of webhooks) and the keys of webhooks that come in.

Answers that show a key are not kept for repetitions: a key is shown once and stands readable nowhere.
"""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from formloom import audit, connections, hooks
from marshmallow import fields, validate

from web.api.door import ApiBlueprint, Body
from web.context import services, transaction
from web.desk.connections import connection_json, hooked_flow, hooks_json, try_out
from web.identity import actor_of, me
from web.policies import admin, policy

blueprint = ApiBlueprint("connections", "connections", description="Bots of chats, and webhooks out and in")

_LONG = validate.Length(max=2000, error="too_long")
_SHORT = validate.Length(max=200, error="too_long")


class NewConnection(Body):
    """``secret``: DingTalk's signing key. ``headers``: what a receiver of webhooks wants besides, such as its key."""

    key = fields.String(required=True, validate=_SHORT)
    kind = fields.String(required=True, validate=validate.OneOf(connections.KINDS, error="unknown_kind"))
    title = fields.String(load_default="", validate=_SHORT)
    url = fields.String(required=True, validate=_LONG)
    secret = fields.String(load_default="", validate=_SHORT)
    role = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    headers = fields.Dict(keys=fields.String(), values=fields.String(validate=_LONG), load_default=dict)


class ChangedConnection(Body):
    """Without ``url`` the address stays."""

    title = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    url = fields.String(load_default=None, allow_none=True, validate=_LONG)
    secret = fields.String(load_default="", validate=_SHORT)
    role = fields.String(load_default=None, allow_none=True, validate=_SHORT)


class ConnectionAnswer(ma.Schema):
    """``host`` is all of the address that is ever shown."""

    key = fields.String()
    kind = fields.String()
    title = fields.String()
    host = fields.String()
    role = fields.String(allow_none=True)
    created_at = fields.DateTime()
    changed_at = fields.DateTime()


class MadeAnswer(ConnectionAnswer):
    """``signing_key`` of a receiver of webhooks: shown now and never again."""

    signing_key = fields.String(allow_none=True)


class ConnectionsAnswer(ma.Schema):
    """All, by title."""

    items = fields.List(fields.Nested(ConnectionAnswer))


class KeyAnswer(ma.Schema):
    """Shown now and never again."""

    signing_key = fields.String()


class TriedAnswer(ma.Schema):
    """The line of the ledger that tells what becomes of the test."""

    message = fields.Integer()


class HookKey(ma.Schema):
    """When a key was made, and until when it is good."""

    created_at = fields.DateTime()
    expires_at = fields.DateTime(allow_none=True)


class HookLine(ma.Schema):
    """A flow that a webhook starts."""

    flow = fields.String()
    title = fields.String()
    address = fields.String()
    keys = fields.List(fields.Nested(HookKey))


class HooksAnswer(ma.Schema):
    """All of them."""

    items = fields.List(fields.Nested(HookLine))


@blueprint.route("/connections")
class Connections(MethodView):
    """All of them."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=ConnectionsAnswer)
    def get(self) -> Response:
        """List connections"""
        with transaction() as session:
            return jsonify(items=[connection_json(one) for one in services().connections.listing(session)])

    @policy(admin, scope="admin")
    @blueprint.arguments(NewConnection)
    @blueprint.alt_response(201, schema=MadeAnswer)
    def post(self, body: dict[str, Any]) -> tuple[Response, int]:
        """Make a connection; its key is taken once, so a repetition is refused"""
        with transaction() as session:
            made, signing = services().connections.add(session, actor_of(me()).ref, **body)
            return jsonify({**connection_json(made), "signing_key": signing}), 201


@blueprint.route("/connections/<connection>")
class Connection(MethodView):
    """One."""

    @policy(admin, scope="admin")
    @blueprint.arguments(ChangedConnection)
    @blueprint.alt_response(200, schema=ConnectionAnswer)
    def put(self, body: dict[str, Any], connection: str) -> Response:
        """Change title, role or address"""
        with transaction() as session:
            changed = services().connections.change(session, actor_of(me()).ref, connection, **body)
            return jsonify(connection_json(changed))

    @policy(admin, scope="admin")
    @blueprint.alt_response(204, description="It is gone")
    def delete(self, connection: str) -> Response:
        """Remove it; what is still to be sent by it becomes a dead letter"""
        with transaction() as session:
            services().connections.remove(session, actor_of(me()).ref, connection)
        return Response(status=204)


@blueprint.route("/connections/<connection>/rotate")
class Rotate(MethodView):
    """Another key."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=KeyAnswer)
    def post(self, connection: str) -> Response:
        """A new signing key; the one of before signs as well for a day"""
        with transaction() as session:
            return jsonify(signing_key=services().connections.rotate(session, actor_of(me()).ref, connection))


@blueprint.route("/connections/<connection>/test")
class Test(MethodView):
    """Whether it works."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=TriedAnswer)
    def post(self, connection: str) -> Response:
        """Send a test message; the ledger tells what becomes of it"""
        with transaction() as session:
            return jsonify(message=try_out(session, connection))


@blueprint.route("/webhook-key")
class PlainKey(MethodView):
    """Webhooks to plain addresses."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=KeyAnswer)
    def post(self) -> Response:
        """The key that signs webhooks to addresses without a connection; asking for it is audited"""
        with transaction() as session:
            audit.append(session, actor_of(me()).ref, "webhook_key.shown", "webhook_key", {})
            return jsonify(signing_key=services().connections.plain_key(session))


@blueprint.route("/hooks")
class Hooks(MethodView):
    """Webhooks in."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=HooksAnswer)
    def get(self) -> Response:
        """The flows that webhooks start, with their addresses and keys"""
        with transaction() as session:
            return jsonify(items=hooks_json(session))


@blueprint.route("/hooks/<flow>/key")
class HookKeys(MethodView):
    """The keys of one."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=KeyAnswer)
    def post(self, flow: str) -> Response:
        """A new key; the one of before is good for a day more"""
        with transaction() as session:
            hooked_flow(session, flow)
            return jsonify(signing_key=hooks.rotate(session, services().settings, flow, actor_of(me()).ref))

    @policy(admin, scope="admin")
    @blueprint.alt_response(204, description="No key is good any more")
    def delete(self, flow: str) -> Response:
        """No key opens the flow any more"""
        with transaction() as session:
            hooked_flow(session, flow)
            hooks.revoke(session, flow, actor_of(me()).ref)
        return Response(status=204)
