"""What a flow's series step would make, before anybody approves it."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.door import ApiBlueprint, Body
from web.context import services, transaction
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("series", "series", url_prefix="/series", description="Schedules that flows work out")
KEY = validate.Length(max=63, error="too_long")


class SeriesAsked(Body):
    """Which step of which flow; the record, or none for a new one; and what stands in the form, unsaved."""

    flow = fields.String(required=True, validate=KEY)
    step = fields.String(required=True, validate=KEY)
    record = fields.Integer(allow_none=True, load_default=None, strict=True)
    values = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)


class SeriesLine(ma.Schema):
    """Days of one kind at one rate; amounts are decimals as text."""

    kind = fields.String()
    start = fields.Date()
    end = fields.Date()
    rate = fields.String()
    amount = fields.String()
    locked = fields.Boolean()


class SeriesPeriod(ma.Schema):
    """A period, both of its days included."""

    number = fields.Integer()
    start = fields.Date()
    end = fields.Date()
    due = fields.Date()
    amount = fields.String()
    locked = fields.Boolean()
    lines = fields.List(fields.Nested(SeriesLine))


class SeriesAdjustment(ma.Schema):
    """A settled record, and by how much it would be put right."""

    record = fields.Integer()
    start = fields.Date()
    end = fields.Date()
    amount = fields.String()


class SeriesAnswer(ma.Schema):
    """``periods`` would be made, ``superseded`` are the ids of records that they would take the place of."""

    periods = fields.List(fields.Nested(SeriesPeriod))
    total = fields.String()
    superseded = fields.List(fields.Integer())
    adjusted = fields.List(fields.Nested(SeriesAdjustment))


@blueprint.route("/preview")
class Preview(MethodView):
    """The lines as they would be."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(SeriesAsked)
    @blueprint.alt_response(200, schema=SeriesAnswer)
    def post(self, body: dict[str, Any]) -> Response:
        """Work out what a series step would write (asks only, changes nothing)

        Only for those who may read everything that the terms read.
        """
        with transaction() as session:
            actor = actor_of(me())
            found = services().flows.preview_series(
                session, body["flow"], body["step"], actor, body["record"], body["values"]
            )
            return jsonify(found)
