"""Calendars: when people work. Everybody may read them; admins change them."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.conditions import expected_version, tag
from web.api.definitions import DraftBody, Obstacle
from web.api.door import ApiBlueprint, Body, Count, Nothing
from web.context import transaction
from web.desk.calendars import (
    calendar_draft_json,
    calendars_json,
    days_json,
    new_calendar,
    publish_calendar,
    save_calendar_draft,
)
from web.identity import me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("calendars", "calendars", url_prefix="/calendars", description="Working hours and holidays")
SCOPE = "definitions:write"


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


class CalendarDraft(ma.Schema):
    """What is being worked on."""

    definition = fields.Dict()
    revision = fields.Integer()
    live_version = fields.Integer(allow_none=True)
    changed = fields.Boolean()
    problems = fields.List(fields.Nested(Obstacle))


@blueprint.route("")
class Calendars(MethodView):
    """The calendars of the workspace."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=CalendarsAnswer)
    def get(self) -> Response:
        """List the live calendars"""
        with transaction() as session:
            return jsonify(items=calendars_json(session))

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(201, schema=CalendarDraft)
    def post(self, body: dict[str, Any]) -> Response:
        """Begin a calendar: its first draft, under the key that the definition names"""
        with transaction() as session:
            made = new_calendar(session, me(), body["definition"])
        answer = tag(jsonify(made), made["revision"])
        answer.status_code = 201
        return answer


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


@blueprint.route("/<key>/draft")
class Draft(MethodView):
    """The draft of a calendar."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=CalendarDraft)
    def get(self, key: str) -> Response:
        """Read the draft (the live definition where there is none), with what would stand in the way of publishing"""
        with transaction() as session:
            body = calendar_draft_json(session, key)
        return tag(jsonify(body), body["revision"])

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(200, schema=CalendarDraft)
    def put(self, body: dict[str, Any], key: str) -> Response:
        """Save the draft; If-Match names the revision it is based on"""
        revision = expected_version(required=True)
        with transaction() as session:
            saved = save_calendar_draft(session, me(), key, body["definition"], revision)
        return tag(jsonify(saved), saved["revision"])


@blueprint.route("/<key>/publish")
class Publish(MethodView):
    """The step from a draft to what everybody counts by."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(Nothing)
    @blueprint.alt_response(200, schema=CalendarDraft)
    def post(self, _body: dict[str, Any], key: str) -> Response:
        """Publish the draft as a new version; 422 names every problem"""
        revision = expected_version(required=True)
        with transaction() as session:
            published = publish_calendar(session, me(), key, revision)
        return tag(jsonify(published), published["revision"])
