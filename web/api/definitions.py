"""Definitions of forms: drafts, versions, publishing, going back. Editing them is a privilege of its own."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.conditions import expected_version, tag
from web.api.door import ApiBlueprint, Body
from web.context import transaction
from web.desk.admin import draft_json, drafts_json, save_form_draft
from web.desk.versions import (
    check_json,
    diff_json,
    discard,
    effects_json,
    new_form,
    publish_form,
    roll_back_form,
    version_json,
    versions_json,
)
from web.identity import me
from web.policies import admin, policy

blueprint = ApiBlueprint("definitions", "definitions", url_prefix="/definitions", description="What admins design")
SCOPE = "definitions:write"


def _definition(*, required: bool = True) -> Any:
    return fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=required)


def _note() -> Any:
    return fields.String(load_default="", validate=validate.Length(max=500, error="too_long"))


class DraftBody(Body):
    """The whole definition of the form, as JSON."""

    definition = _definition()


class CheckBody(Body):
    """A definition to be judged; the draft, where none is sent."""

    definition = _definition(required=False)


class PublishBody(Body):
    """``accept_loss``: values that have no place in the new version may go (they are kept beside the record)."""

    note = _note()
    accept_loss = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class RollBackBody(PublishBody):
    """The version to go back to."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1, error="invalid_value"))


class DiffArgs(Body):
    """Each a version's number, ``live`` or ``draft``."""

    old = fields.String(data_key="from", load_default="live", validate=validate.Length(max=20, error="too_long"))
    new = fields.String(data_key="to", load_default="draft", validate=validate.Length(max=20, error="too_long"))


class Obstacle(ma.Schema):
    """Something that stands in the way of publishing."""

    pointer = fields.String()
    code = fields.String()
    detail = fields.String()


class DraftAnswer(ma.Schema):
    """What is being worked on."""

    definition = fields.Dict()
    live = fields.Dict(allow_none=True)
    revision = fields.Integer()
    live_version = fields.Integer(allow_none=True)
    changed = fields.Boolean()
    problems = fields.List(fields.Nested(Obstacle))


class PublishedAnswer(DraftAnswer):
    """``version`` is live now; or ``job`` will make it live once all records are looked at."""

    version = fields.Integer(allow_none=True)
    job = fields.Integer(allow_none=True)


class VersionLine(ma.Schema):
    """A published version."""

    version = fields.Integer()
    live = fields.Boolean()
    note = fields.String()
    published_at = fields.DateTime()
    published_by = fields.String()


class VersionsAnswer(ma.Schema):
    """All of them, the latest first."""

    items = fields.List(fields.Nested(VersionLine))


class VersionAnswer(ma.Schema):
    """One version with its definition."""

    version = fields.Integer()
    definition = fields.Dict()


class DesignedForm(ma.Schema):
    """A form, live or only begun."""

    key = fields.String()
    live_version = fields.Integer(allow_none=True)
    revision = fields.Integer()
    changed = fields.Boolean()
    app = fields.String(allow_none=True)


class FormsAnswer(ma.Schema):
    """Every form of the workspace."""

    items = fields.List(fields.Nested(DesignedForm))


class DiffAnswer(ma.Schema):
    """Differences by kind, and in words in every language."""

    old = fields.String(data_key="from")
    new = fields.String(data_key="to")
    same = fields.Boolean()
    fields_ = fields.Dict(data_key="fields", keys=fields.String(), values=fields.List(fields.Dict()))
    rules = fields.List(fields.Dict())
    access = fields.List(fields.Dict())
    sections = fields.List(fields.Dict())
    form = fields.List(fields.Dict())
    words = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class EffectsAnswer(ma.Schema):
    """What publishing would do: ``conversions`` with what would be lost, fields that go, records under way."""

    problems = fields.List(fields.Nested(Obstacle))
    records = fields.Integer()
    running = fields.Integer()
    as_job = fields.Boolean()
    slots = fields.List(fields.String())
    removed = fields.List(fields.Dict())
    conversions = fields.List(fields.Dict())
    concerned = fields.Integer()
    looked_at = fields.Integer()
    held = fields.List(fields.Integer())


class DraftEffectsAnswer(EffectsAnswer):
    """The same for the draft."""

    revision = fields.Integer()
    changed = fields.Boolean()


@blueprint.route("/forms")
class Forms(MethodView):
    """All forms, as admins see them."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=FormsAnswer)
    def get(self) -> Response:
        """List forms, those that were only begun too"""
        with transaction() as session:
            return jsonify(items=drafts_json(session))

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(201, schema=DraftAnswer)
    def post(self, body: dict[str, Any]) -> Response:
        """Begin a form: its first draft, under the key that the definition names"""
        with transaction() as session:
            made = new_form(session, me(), body["definition"])
        answer = tag(jsonify(made), made["revision"])
        answer.status_code = 201
        return answer


@blueprint.route("/forms/<key>/draft")
class Draft(MethodView):
    """The draft of a form."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=DraftAnswer)
    def get(self, key: str) -> Response:
        """Read the draft (the live definition where there is none), with what would stand in the way of publishing"""
        with transaction() as session:
            body = draft_json(session, key)
        return tag(jsonify(body), body["revision"])

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(200, schema=DraftAnswer)
    def put(self, body: dict[str, Any], key: str) -> Response:
        """Save the draft; If-Match names the revision it is based on. Changes of two people are put together, and 409
        shows where both changed the same
        """
        revision = expected_version(required=True)
        with transaction() as session:
            saved = save_form_draft(session, me(), key, body["definition"], revision)
        return tag(jsonify(saved), saved["revision"])

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(204)
    def delete(self, key: str) -> Response:
        """Discard the draft: back to what is live"""
        revision = expected_version(required=True)
        with transaction() as session:
            discard(session, me(), key, revision)
        return Response(status=204)


@blueprint.route("/forms/<key>/check")
class Check(MethodView):
    """Judging a definition without saving it."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(CheckBody)
    @blueprint.alt_response(200, schema=EffectsAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Name every problem of a definition, and what publishing it would do (asks only, changes nothing)"""
        with transaction() as session:
            return jsonify(check_json(session, key, body.get("definition")))


@blueprint.route("/forms/<key>/effects")
class Effects(MethodView):
    """What publishing would do."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=DraftEffectsAnswer)
    def get(self, key: str) -> Response:
        """Tell what publishing the draft would do to the records that are there"""
        with transaction() as session:
            return jsonify(effects_json(session, key))


@blueprint.route("/forms/<key>/publish")
class Publish(MethodView):
    """The step from a draft to what everybody uses."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(PublishBody)
    @blueprint.alt_response(200, schema=PublishedAnswer)
    @blueprint.alt_response(202, schema=PublishedAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Publish the draft as a new version; 422 names every problem, 202 the job that looks at many records first.
        Repeating it on the same revision conflicts
        """
        revision = expected_version(required=True)
        with transaction() as session:
            status, published = publish_form(session, me(), key, revision, body)
        answer = tag(jsonify(published), published["revision"])
        answer.status_code = status
        return answer


@blueprint.route("/forms/<key>/rollback")
class RollBack(MethodView):
    """Going back."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(RollBackBody)
    @blueprint.alt_response(200, schema=PublishedAnswer)
    @blueprint.alt_response(202, schema=PublishedAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Publish what an earlier version was as a new version, with the same checks"""
        revision = expected_version(required=True)
        with transaction() as session:
            status, published = roll_back_form(session, me(), key, revision, body)
        answer = tag(jsonify(published), published["revision"])
        answer.status_code = status
        return answer


@blueprint.route("/forms/<key>/versions")
class Versions(MethodView):
    """What was published."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=VersionsAnswer)
    def get(self, key: str) -> Response:
        """List the published versions, the latest first"""
        with transaction() as session:
            return jsonify(items=versions_json(session, key))


@blueprint.route("/forms/<key>/versions/<int:version>")
class Version(MethodView):
    """One published version."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=VersionAnswer)
    def get(self, key: str, version: int) -> Response:
        """Read a version as it was published"""
        with transaction() as session:
            return jsonify(version_json(session, key, version))


@blueprint.route("/forms/<key>/diff")
class Diff(MethodView):
    """What differs."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DiffArgs, location="query")
    @blueprint.alt_response(200, schema=DiffAnswer)
    def get(self, args: dict[str, Any], key: str) -> Response:
        """Compare two versions, or the draft with what is live: by fields, rules and rights, and in words"""
        with transaction() as session:
            return jsonify(diff_json(session, key, args["old"], args["new"]))
