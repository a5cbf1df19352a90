"""How one is reached: channels by kind of message, quiet hours, and the browsers that get push messages."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from formloom import audit, channels, push
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from web.api.door import ApiBlueprint, Body
from web.api.once import once_if_keyed
from web.context import services, transaction
from web.desk.messages import choice_json, device_name
from web.identity import actor_of, me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("channels", "channels", url_prefix="/channels", description="How people are reached")

_WAYS = fields.List(fields.String())
_MINUTE = validate.Range(0, channels.MINUTES - 1, error="bad_quiet_hours")


class ChoiceBody(Body):
    """``channels``: kind → ways; a kind that is left out is as the house has it. Quiet hours in minutes."""

    channels = fields.Dict(keys=fields.String(), values=_WAYS, required=True)
    quiet_from = fields.Integer(strict=True, allow_none=True, load_default=None, validate=_MINUTE)
    quiet_to = fields.Integer(strict=True, allow_none=True, load_default=None, validate=_MINUTE)


class ChoiceAnswer(ma.Schema):
    """``house``: what whoever chose nothing gets."""

    channels = fields.Dict(keys=fields.String(), values=_WAYS)
    quiet_from = fields.Integer(allow_none=True)
    quiet_to = fields.Integer(allow_none=True)
    house = fields.Dict(keys=fields.String(), values=_WAYS)
    kinds = fields.List(fields.String())
    ways = fields.List(fields.String())


class Keys(Body):
    """What a browser encrypts with (``PushSubscription.getKey``)."""

    p256dh = fields.String(required=True, validate=validate.Length(max=200, error="too_long"))
    auth = fields.String(required=True, validate=validate.Length(max=100, error="too_long"))


class Subscription(Body):
    """A ``PushSubscription`` of a browser, as its ``toJSON`` gives it."""

    endpoint = fields.String(required=True, validate=validate.Length(max=2000, error="too_long"))
    keys = fields.Nested(Keys, required=True)
    device = fields.String(load_default="", validate=validate.Length(max=200, error="too_long"))


class DeviceAnswer(ma.Schema):
    """A browser that gets push messages."""

    id = fields.Integer()
    device = fields.String()
    created_at = fields.DateTime()


class DevicesAnswer(ma.Schema):
    """``key`` is what a browser subscribes with."""

    key = fields.String()
    items = fields.List(fields.Nested(DeviceAnswer))


@blueprint.route("/mine")
class Mine(MethodView):
    """One's own."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.alt_response(200, schema=ChoiceAnswer)
    def get(self) -> Response:
        """How I am reached"""
        with transaction() as session:
            return jsonify(choice_json(session, me().person_id))

    @policy(signed_in, scope="tasks:decide")
    @blueprint.arguments(ChoiceBody)
    @blueprint.alt_response(200, schema=ChoiceAnswer)
    def put(self, body: dict[str, Any]) -> Response:
        """Choose how I am reached"""
        return _chosen(me().person_id, body)


@blueprint.route("/house")
class House(MethodView):
    """Everybody's who chose nothing."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=ChoiceAnswer)
    def get(self) -> Response:
        """How people are reached who chose nothing"""
        with transaction() as session:
            return jsonify(choice_json(session, channels.HOUSE))

    @policy(admin, scope="admin")
    @blueprint.arguments(ChoiceBody)
    @blueprint.alt_response(200, schema=ChoiceAnswer)
    def put(self, body: dict[str, Any]) -> Response:
        """Choose for all who chose nothing"""
        return _chosen(channels.HOUSE, body)


@blueprint.route("/devices")
class Devices(MethodView):
    """The browsers of the caller."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.alt_response(200, schema=DevicesAnswer)
    def get(self) -> Response:
        """My browsers, and the key to subscribe with"""
        with transaction() as session:
            items = [_device(one) for one in push.devices(session, me().person_id)]
        return jsonify(key=push.public_key(services().settings), items=items)

    @policy(signed_in, scope="tasks:decide")
    @blueprint.arguments(Subscription)
    @blueprint.alt_response(201, schema=DeviceAnswer)
    def post(self, body: dict[str, Any]) -> Response:
        """Reach me in this browser; the same browser again is the same device"""

        def work(session: Session) -> tuple[int, dict[str, Any]]:
            person = me().person_id
            found = push.subscribe(session, person, body["endpoint"], body["keys"], body["device"])
            return 201, next(_device(one) for one in push.devices(session, person) if one.id == found)

        return once_if_keyed(me(), request, work)


@blueprint.route("/devices/<int:device_id>")
class Device(MethodView):
    """One of them."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(204, description="It is gone")
    def delete(self, device_id: int) -> Response:
        """Reach me there no more"""
        with transaction() as session:
            push.unsubscribe(session, me().person_id, device_id)
        return Response(status=204)


def _chosen(person: int, body: dict[str, Any]) -> Response:
    wanted = channels.Choice.checked(body["channels"], body["quiet_from"], body["quiet_to"])

    def work(session: Session) -> tuple[int, dict[str, Any]]:
        channels.choose(session, person, wanted)
        if person == channels.HOUSE:
            audit.append(session, actor_of(me()).ref, "channels.house", "channels:house", {})
        return 200, choice_json(session, person)

    return once_if_keyed(me(), request, work)


def _device(one: Any) -> dict[str, Any]:
    return {"id": one.id, "device": device_name(one.endpoint, one.device), "created_at": one.created_at.isoformat()}
