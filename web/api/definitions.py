"""Definitions of every kind: drafts, versions, publishing, going back. Editing them is a privilege of its own.

What forms have beyond the others stands in `form_definitions`.
"""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from flow_engine.bpmn import to_bpmn
from web.api.conditions import expected_version, tag
from web.api.door import ApiBlueprint, Body
from web.context import services, transaction
from web.desk.definitions import (
    KINDS,
    all_json,
    begin,
    check_json,
    diff_json,
    discard,
    draft_json,
    publish,
    roll_back,
    save,
    store_of,
    version_json,
    versions_json,
)
from web.identity import me
from web.locales import current_locale
from web.policies import admin, policy

blueprint = ApiBlueprint("definitions", "definitions", url_prefix="/definitions", description="What admins design")
SCOPE = "definitions:write"
_ANY = f"<any({', '.join(KINDS)}):kind>"
_PLAIN = f"<any({', '.join(kind for kind in KINDS if kind != 'forms')}):kind>"
"""Kinds of which nothing else changes when they change."""


def _definition(*, required: bool = True) -> Any:
    return fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=required)


def _note() -> Any:
    return fields.String(load_default="", validate=validate.Length(max=500, error="too_long"))


class DraftBody(Body):
    """The whole definition, as JSON."""

    definition = _definition()


class CheckBody(Body):
    """A definition to be judged; the draft, where none is sent."""

    definition = _definition(required=False)


class PublishBody(Body):
    """What the version is about, for those who read the list of versions."""

    note = _note()


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
    """``version`` is live now."""

    version = fields.Integer()


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


class Designed(ma.Schema):
    """A definition, live or only begun."""

    key = fields.String()
    live_version = fields.Integer(allow_none=True)
    revision = fields.Integer()
    changed = fields.Boolean()
    app = fields.String(allow_none=True)


class AllAnswer(ma.Schema):
    """Every definition of the kind."""

    items = fields.List(fields.Nested(Designed))


class DiffAnswer(ma.Schema):
    """Place by place; ``at`` names elements of lists by their keys."""

    old = fields.String(data_key="from")
    new = fields.String(data_key="to")
    same = fields.Boolean()
    differences = fields.List(fields.Dict())


class CheckAnswer(ma.Schema):
    """Everything that stands in the way."""

    problems = fields.List(fields.Nested(Obstacle))


@blueprint.route(f"/{_ANY}")
class Definitions(MethodView):
    """All of a kind, as admins see them."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=AllAnswer)
    def get(self, kind: str) -> Response:
        """List definitions, those that were only begun too"""
        with transaction() as session:
            return jsonify(items=all_json(session, store_of(kind)))

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(201, schema=DraftAnswer)
    def post(self, body: dict[str, Any], kind: str) -> Response:
        """Begin a definition: its first draft, under the key that it names"""
        with transaction() as session:
            made = begin(session, me(), store_of(kind), body["definition"])
        answer = tag(jsonify(made), made["revision"])
        answer.status_code = 201
        return answer


@blueprint.route(f"/{_ANY}/<key>/draft")
class Draft(MethodView):
    """What is being worked on."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=DraftAnswer)
    def get(self, kind: str, key: str) -> Response:
        """Read the draft (the live definition where there is none), with what would stand in the way of publishing"""
        with transaction() as session:
            body = draft_json(session, store_of(kind), key)
        return tag(jsonify(body), body["revision"])

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DraftBody)
    @blueprint.alt_response(200, schema=DraftAnswer)
    def put(self, body: dict[str, Any], kind: str, key: str) -> Response:
        """Save the draft; If-Match names the revision it is based on. Changes of two people are put together, and 409
        shows where both changed the same
        """
        revision = expected_version(required=True)
        with transaction() as session:
            saved = save(session, me(), store_of(kind), key, body["definition"], revision)
        return tag(jsonify(saved), saved["revision"])

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(204)
    def delete(self, kind: str, key: str) -> Response:
        """Discard the draft: back to what is live"""
        revision = expected_version(required=True)
        with transaction() as session:
            discard(session, me(), store_of(kind), key, revision)
        return Response(status=204)


@blueprint.route(f"/{_PLAIN}/<key>/check")
class Check(MethodView):
    """Judging a definition without saving it."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(CheckBody)
    @blueprint.alt_response(200, schema=CheckAnswer)
    def post(self, body: dict[str, Any], kind: str, key: str) -> Response:
        """Name every problem of a definition (asks only, changes nothing)"""
        with transaction() as session:
            return jsonify(check_json(session, store_of(kind), key, body.get("definition")))


@blueprint.route(f"/{_PLAIN}/<key>/publish")
class Publish(MethodView):
    """The step from a draft to what everybody uses."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(PublishBody)
    @blueprint.alt_response(200, schema=PublishedAnswer)
    def post(self, body: dict[str, Any], kind: str, key: str) -> Response:
        """Publish the draft as a new version; 422 names every problem. Repeating it on the same revision conflicts"""
        revision = expected_version(required=True)
        with transaction() as session:
            published = publish(session, me(), store_of(kind), key, revision, body["note"])
        return tag(jsonify(published), published["revision"])


@blueprint.route(f"/{_PLAIN}/<key>/rollback")
class RollBack(MethodView):
    """Going back."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(RollBackBody)
    @blueprint.alt_response(200, schema=PublishedAnswer)
    def post(self, body: dict[str, Any], kind: str, key: str) -> Response:
        """Publish what an earlier version was as a new version, with the same checks"""
        revision = expected_version(required=True)
        with transaction() as session:
            done = roll_back(session, me(), store_of(kind), key, revision, body["version"], body["note"])
        return tag(jsonify(done), done["revision"])


@blueprint.route(f"/{_ANY}/<key>/versions")
class Versions(MethodView):
    """What was published."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=VersionsAnswer)
    def get(self, kind: str, key: str) -> Response:
        """List the published versions, the latest first"""
        with transaction() as session:
            return jsonify(items=versions_json(session, store_of(kind), key))


@blueprint.route(f"/{_ANY}/<key>/versions/<int:version>")
class Version(MethodView):
    """One published version."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=VersionAnswer)
    def get(self, kind: str, key: str, version: int) -> Response:
        """Read a version as it was published"""
        with transaction() as session:
            return jsonify(version_json(session, store_of(kind), key, version))


@blueprint.route(f"/{_PLAIN}/<key>/diff")
class Diff(MethodView):
    """What differs."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DiffArgs, location="query")
    @blueprint.alt_response(200, schema=DiffAnswer)
    def get(self, args: dict[str, Any], kind: str, key: str) -> Response:
        """Compare two versions, or the draft with what is live, place by place"""
        with transaction() as session:
            return jsonify(diff_json(session, store_of(kind), key, args["old"], args["new"]))


@blueprint.route("/flows/<key>/bpmn")
class Bpmn(MethodView):
    """The live flow for other people's tools."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, content_type="application/xml", schema={"type": "string"})
    def get(self, key: str) -> Response:
        """Read the live flow as BPMN 2.0 with its diagram"""
        with transaction() as session:
            drawn = to_bpmn(services().flows.definitions.live(session, key), current_locale())
        return Response(drawn, content_type="application/xml; charset=utf-8")
