"""Many records at once: looked at beforehand, done at once or as a job, undone together."""

from dataclasses import replace
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from formloom.errors import InvalidInput, Issue, NotFound
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.records import bulk, bulk_job
from web.api.door import ApiBlueprint, Body
from web.api.once import once
from web.context import services, transaction
from web.desk.bulk_json import outcome_json, preview_json
from web.desk.views import views_of
from web.desk.world import World
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("bulk", "bulk", description="Changing or removing many records")


class BulkBody(Body):
    """Which records (``ids``, or a list's ``filter``, ``q`` and ``view``, or ``all``), and what is done to each:
    ``changes``, or ``delete`` (``force`` clears links that ask). Without filter, words, view, ids and ``all`` none is
    meant.
    """

    ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 2**63 - 1, error="invalid_value")),
        validate=validate.Length(max=bulk.MOST_IDS, error="too_many"),
        load_default=None,
        allow_none=True,
    )
    filter = fields.Raw(load_default=None, allow_none=True, metadata={"type": ["object", "null"]})
    q = fields.String(load_default="", validate=validate.Length(max=200, error="too_long"))
    view = fields.String(validate=validate.Length(max=63, error="too_long"), load_default=None, allow_none=True)
    all = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    changes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=None, allow_none=True)
    delete = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    force = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Refused(ma.Schema):
    """A record that stays as it is, and why."""

    id = fields.Integer()
    code = fields.String()
    detail = fields.String()
    issues = fields.List(fields.Dict())


class PreviewSample(ma.Schema):
    """What would change in one record."""

    id = fields.Integer()
    title = fields.String()
    changes = fields.List(fields.Dict())


class PreviewAnswer(ma.Schema):
    """``count`` records are meant; the first ``checked`` were tried, and ``refused`` of these would stay."""

    count = fields.Integer()
    checked = fields.Integer()
    sample = fields.List(fields.Nested(PreviewSample))
    refused = fields.List(fields.Nested(Refused))


class OutcomeAnswer(ma.Schema):
    """What was done (200), or the ``job`` that does the rest (202). ``batch`` undoes it; ``kept`` records stayed."""

    batch = fields.String()
    done = fields.Integer()
    kept = fields.Integer()
    refused = fields.List(fields.Nested(Refused))
    job = fields.Integer(allow_none=True)


@blueprint.route("/forms/<form>/bulk/preview")
class Preview(MethodView):
    """A bulk action before it is done."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(BulkBody)
    @blueprint.alt_response(200, schema=PreviewAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Try a bulk action and leave nothing of it: how many, what would change, what would be refused and why"""
        choice, deed = _asked(body)
        with transaction() as session:
            world = World.of(session, me())
            own, access = world.listable(form)
            meant = _in_view(world, own, choice, body["view"])
            found = bulk.preview(services().records, session, services().forms, access, meant, deed)
            return jsonify(preview_json(world, access.form, found))


@blueprint.route("/forms/<form>/bulk")
class Bulk(MethodView):
    """A bulk action."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(BulkBody)
    @blueprint.alt_response(200, schema=OutcomeAnswer)
    @blueprint.alt_response(202, schema=OutcomeAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Change or remove many records: up to 200 at once, more (or more that go along) as a job with progress"""
        identity = me()
        choice, deed = _asked(body)

        def act(session: Session) -> tuple[int, dict[str, Any]]:
            world = World.of(session, identity)
            own, access = world.listable(form)
            meant = _in_view(world, own, choice, body["view"])
            done = bulk_job.act(services().records, session, services().forms, access, meant, deed)
            return _answered(done)

        return once(identity, request, act)


@blueprint.route("/bulk/<batch>/undo")
class Undo(MethodView):
    """A bulk action that was done."""

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(200, schema=OutcomeAnswer)
    @blueprint.alt_response(202, schema=OutcomeAnswer)
    def post(self, batch: str) -> Response:
        """Undo one's own bulk action where nobody has changed the records since; the others are told"""
        identity = me()

        def undo(session: Session) -> tuple[int, dict[str, Any]]:
            actor = actor_of(identity)
            return _answered(bulk_job.take_back(services().records, session, services().forms, batch, actor))

        return once(identity, request, undo)


def _answered(done: bulk_job.Outcome) -> tuple[int, dict[str, Any]]:
    return 202 if done.job is not None else 200, outcome_json(done)


def _in_view(world: World, form: CompiledForm, choice: bulk.Choice, key: str | None) -> bulk.Choice:
    """The choice within a view of the form; NotFound for one that the caller does not find."""
    if key is None or choice.ids is not None:
        return choice
    view = next((one for one in views_of(world, form) if one.key == key), None)
    if view is None:
        raise NotFound("unknown_definition", {"kind": "view", "key": key})
    return replace(choice, where=view.where.text) if view.where is not None else replace(choice, all=True)


def _asked(body: dict[str, Any]) -> tuple[bulk.Choice, bulk.Deed]:
    issues = []
    if (body["changes"] is None) is not body["delete"]:
        issues.append(Issue("/changes", "changes_or_delete"))
    if body["ids"] is not None and (body["filter"] is not None or body["q"] or body["view"] or body["all"]):
        issues.append(Issue("/ids", "ids_or_filter"))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    return bulk.Choice.read(body), bulk.Deed(body["changes"], body["force"])
