"""Calendars: when people work. Everybody may read them; admins change their definitions."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.door import ApiBlueprint, Body, Count
from web.context import transaction
from web.desk.calendars import calendars_json, days_json
from web.policies import policy, signed_in

blueprint = ApiBlueprint("calendars", "calendars", url_prefix="/calendars", description="Working hours and holidays")


class DaysArgs(Body):
    """The year that is asked for; this one, if none is."""

    year = Count(load_default=None, validate=validate.Range(1900, 9999, error="invalid_value"))


class CalendarLine(ma.Schema):
    """A live calendar. Formulas ask the default one; ``holidays`` is the country whose public holidays hold."""

    key = fields.String()
    title = fields.String()
    default = fields.Boolean()
    holidays = fields.String(allow_none=True)


class CalendarsAnswer(ma.Schema):
    """All live calendars."""

    items = fields.List(fields.Nested(CalendarLine))


class Day(ma.Schema):
    """A day that differs from the week; ``own``: the firm says so."""

    day = fields.Date()
    works = fields.Boolean()
    own = fields.Boolean()
    name = fields.String(allow_none=True)
    hours = fields.List(fields.String())


class DaysAnswer(ma.Schema):
    """``provisional``: the country has not announced this year's days yet; they will move."""

    year = fields.Integer()
    provisional = fields.Boolean()
    days = fields.List(fields.Nested(Day))


@blueprint.route("")
class Calendars(MethodView):
    """The calendars of the workspace."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=CalendarsAnswer)
    def get(self) -> Response:
        """List the live calendars"""
        with transaction() as session:
            return jsonify(items=calendars_json(session))


@blueprint.route("/<key>/days")
class Days(MethodView):
    """The days of a calendar."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DaysArgs, location="query")
    @blueprint.alt_response(200, schema=DaysAnswer)
    def get(self, args: dict[str, Any], key: str) -> Response:
        """List the days of a year that differ from the week: holidays, make-up days and the firm's own"""
        with transaction() as session:
            return jsonify(days_json(session, key, args["year"]))
