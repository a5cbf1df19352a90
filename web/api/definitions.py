"""Definitions of forms: the draft an admin works on, and publishing it. Editing them is a privilege of its own."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields

from web.api.conditions import expected_version, tag
from web.api.door import ApiBlueprint, Body
from web.context import transaction
from web.desk.admin import draft_json, publish_form, save_form_draft
from web.identity import me
from web.policies import admin, policy

blueprint = ApiBlueprint("definitions", "definitions", url_prefix="/definitions", description="What admins design")


class DraftBody(Body):
    """The whole definition of the form, as JSON."""

    definition = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class Nothing(Body):
    """An empty object."""


@blueprint.route("/form/<key>/draft")
class Draft(MethodView):
    """The draft of a form."""

    @policy(admin, scope="definitions:write")
    def get(self, key: str) -> Response:
        """Read the draft (the live definition where there is none), with what would stand in the way of publishing"""
        with transaction() as session:
            body = draft_json(session, key)
        return tag(jsonify(body), body["revision"])

    @policy(admin, scope="definitions:write")
    @blueprint.arguments(DraftBody)
    def put(self, body: dict[str, Any], key: str) -> Response:
        """Save the draft; If-Match names the revision it is based on"""
        revision = expected_version(required=True)
        with transaction() as session:
            saved = save_form_draft(session, me(), key, body["definition"], revision)
        return tag(jsonify(saved), saved["revision"])


@blueprint.route("/form/<key>/publish")
class Publish(MethodView):
    """The step from a draft to what everybody uses."""

    @policy(admin, scope="definitions:write")
    @blueprint.arguments(Nothing)
    def post(self, _body: dict[str, Any], key: str) -> Response:
        """Publish the draft as a new version; 422 names every problem. Repeating it on the same revision conflicts"""
        revision = expected_version(required=True)
        with transaction() as session:
            published = publish_form(session, me(), key, revision)
        return tag(jsonify(published), published["revision"])
