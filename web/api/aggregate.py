"""Figures over a form's records: for charts, and for whoever would add up pages of a list."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields

from web.api.door import ApiBlueprint, Body
from web.context import transaction
from web.desk.aggregate_json import aggregate_json
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("aggregate", "aggregate", url_prefix="/forms", description="Figures over records")


class Question(Body):
    """``group``: up to three fields or paths through links, dates with a ``bucket`` (day, week, month, quarter, year).

    ``measures``: count, count_distinct, sum, average, min, max. ``sort`` names groups and measures (``-total``).
    """

    group = fields.List(
        fields.Raw(), metadata={"description": '["status", {"field": "due", "bucket": "month", "as": "month"}]'}
    )
    measures = fields.List(
        fields.Raw(), metadata={"description": '["count", {"fn": "sum", "field": "amount", "as": "total"}]'}
    )
    filter = fields.Raw(allow_none=True, metadata={"description": "as in lists of records"})
    q = fields.String()
    having = fields.List(fields.Raw(), metadata={"description": '[{"measure": "total", "op": "gt", "value": "100"}]'})
    sort = fields.List(fields.String())
    limit = fields.Integer(strict=True)


class GroupAnswer(ma.Schema):
    """One group. ``keys`` by the names of the groups asked for (null: blank); decimals are text, days are dates."""

    keys = fields.Dict()
    measures = fields.Dict()


class FiguresAnswer(ma.Schema):
    """``more``: there are further groups. ``labels``: by group and key, words for links, people and options."""

    groups = fields.List(fields.Nested(GroupAnswer))
    more = fields.Boolean()
    labels = fields.Dict()


@blueprint.route("/<form>/aggregate")
class Figures(MethodView):
    """Groups and figures."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(Question)
    @blueprint.alt_response(200, schema=FiguresAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Count, add up and average records by groups (asks only, changes nothing)"""
        with transaction() as session:
            return jsonify(aggregate_json(session, me(), form, body))
