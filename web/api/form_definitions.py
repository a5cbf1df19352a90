"""What definitions of forms have beyond the others: what publishing does to the records that are there."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.conditions import expected_version, tag
from web.api.definitions import SCOPE, CheckAnswer, CheckBody, DiffArgs, DraftAnswer, PublishBody, blueprint
from web.context import transaction
from web.desk.versions import check_json, diff_json, effects_json, publish_form, roll_back_form
from web.identity import me
from web.policies import admin, policy


class PublishFormBody(PublishBody):
    """``accept_loss``: values that have no place in the new version may go (they are kept beside the record)."""

    accept_loss = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class RollBackFormBody(PublishFormBody):
    """The version to go back to."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1, error="invalid_value"))


class PublishedFormAnswer(DraftAnswer):
    """``version`` is live now; or ``job`` will make it live once all records are looked at."""

    version = fields.Integer(allow_none=True)
    job = fields.Integer(allow_none=True)


class FormDiffAnswer(ma.Schema):
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


class EffectsAnswer(CheckAnswer):
    """What publishing would do: ``conversions`` with what would be lost, fields that go, records under way."""

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


@blueprint.route("/forms/<key>/check")
class FormCheck(MethodView):
    """Judging a definition without saving it."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(CheckBody)
    @blueprint.alt_response(200, schema=EffectsAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Name every problem of a definition, and what publishing it would do (asks only, changes nothing)"""
        with transaction() as session:
            return jsonify(check_json(session, key, body.get("definition")))


@blueprint.route("/forms/<key>/effects")
class FormEffects(MethodView):
    """What publishing would do."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=DraftEffectsAnswer)
    def get(self, key: str) -> Response:
        """Tell what publishing the draft would do to the records that are there"""
        with transaction() as session:
            return jsonify(effects_json(session, key))


@blueprint.route("/forms/<key>/publish")
class FormPublish(MethodView):
    """The step from a draft to what everybody uses."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(PublishFormBody)
    @blueprint.alt_response(200, schema=PublishedFormAnswer)
    @blueprint.alt_response(202, schema=PublishedFormAnswer)
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
class FormRollBack(MethodView):
    """Going back."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(RollBackFormBody)
    @blueprint.alt_response(200, schema=PublishedFormAnswer)
    @blueprint.alt_response(202, schema=PublishedFormAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Publish what an earlier version was as a new version, with the same checks"""
        revision = expected_version(required=True)
        with transaction() as session:
            status, published = roll_back_form(session, me(), key, revision, body)
        answer = tag(jsonify(published), published["revision"])
        answer.status_code = status
        return answer


@blueprint.route("/forms/<key>/diff")
class FormDiff(MethodView):
    """What differs."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(DiffArgs, location="query")
    @blueprint.alt_response(200, schema=FormDiffAnswer)
    def get(self, args: dict[str, Any], key: str) -> Response:
        """Compare two versions, or the draft with what is live: by fields, rules and rights, and in words"""
        with transaction() as session:
            return jsonify(diff_json(session, key, args["old"], args["new"]))
