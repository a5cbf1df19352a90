"""One record: read, change, remove, its history and its course."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from web.api.answers import PressedAnswer, TimelineAnswer
from web.api.choices import choices_field
from web.api.conditions import expected_version, tag
from web.api.door import ApiBlueprint, Body, Flag
from web.api.forms import RecordAnswer
from web.api.once import once, once_if_keyed
from web.context import services, transaction
from web.desk.record_json import record_json, timeline_json
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("records", "records", url_prefix="/records", description="One record")


class Changes(Body):
    """The fields that change, and nothing else. ``submit`` turns a draft into a record that counts."""

    changes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    submit = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    choices = choices_field()


class Removal(Body):
    """``force``: links that ask before they are cleared are cleared."""

    force = Flag(load_default=False)


class Press(Body):
    """A button of a flow (``decision`` is its key), with the fields that it asks for."""

    decision = fields.String(required=True, validate=validate.Length(max=100, error="too_long"))
    changes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), allow_none=True, load_default=None)
    reason = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=100, error="too_long"))
    comment = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=4000, error="too_long"))
    choices = choices_field()


@blueprint.route("/<int:record_id>")
class Record(MethodView):
    """A record by its id; to those who may not see it, it does not exist."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=RecordAnswer)
    def get(self, record_id: int) -> Response:
        """Read a record; the ETag is its version"""
        with transaction() as session:
            body = record_json(session, me(), record_id)
        return tag(jsonify(body), body["version"])

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Changes)
    @blueprint.alt_response(200, schema=RecordAnswer)
    def patch(self, body: dict[str, Any], record_id: int) -> Response:
        """Change fields; with If-Match, others' changes of other fields and cells are merged, of the same conflict"""
        identity, expected = me(), expected_version()

        def update(session: Session) -> tuple[int, dict[str, Any]]:
            services().records.update(
                session,
                services().forms,
                record_id,
                body["changes"],
                actor_of(identity),
                expected_version=expected,
                submit=body["submit"],
                said={"choices": body["choices"]},
            )
            return 200, record_json(session, identity, record_id)

        return once_if_keyed(identity, request, update)

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Removal, location="query")
    @blueprint.alt_response(204)
    def delete(self, args: dict[str, Any], record_id: int) -> Response:
        """Put a record into the bin, with what goes along as the links to it say; a draft is discarded so"""
        identity = me()

        def delete(session: Session) -> tuple[int, dict[str, Any]]:
            force = args["force"]
            services().records.delete(session, services().forms, record_id, actor_of(identity), force=force)
            return 204, {}

        return once_if_keyed(identity, request, delete)


@blueprint.route("/<int:record_id>/timeline")
class Timeline(MethodView):
    """The runs over a record."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=TimelineAnswer)
    def get(self, record_id: int) -> Response:
        """Steps that were taken, are open, and lie ahead"""
        with transaction() as session:
            return jsonify(items=timeline_json(session, me(), record_id))


@blueprint.route("/<int:record_id>/press")
class Buttons(MethodView):
    """The buttons that flows put on a record."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Press)
    @blueprint.alt_response(200, schema=PressedAnswer)
    def post(self, body: dict[str, Any], record_id: int) -> Response:
        """Press a button: starts its flow"""
        identity = me()

        def press(session: Any) -> tuple[int, dict[str, Any]]:
            services().records.get(session, services().forms, record_id, actor_of(identity))
            run = services().flows.press(
                session, body["decision"], record_id, actor_of(identity), body["changes"], body["choices"]
            )
            return 200, {"run": run, "next": f"/records/{record_id}"}

        return once(identity, request, press)
