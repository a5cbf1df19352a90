"""Forms, their records, and the records that a link field may choose."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from formloom.errors import NotFound
from marshmallow import fields, validate

from web.api.answers import CandidatesAnswer, ChoicesAnswer, FormAnswer, FormsListAnswer
from web.api.choices import choices_field
from web.api.door import ApiBlueprint, Body, Count
from web.api.once import once
from web.context import services, transaction
from web.desk.choices import choices_to_submit
from web.desk.definition_json import form_json, forms_json
from web.desk.lookup import lookup
from web.desk.query import list_query
from web.desk.record_json import page_json, record_json
from web.desk.world import World
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("forms", "forms", url_prefix="/forms", description="Forms and lists of their records")


class ListArgs(Body):
    """``filter`` is a JSON tree, ``sort`` a list such as ``-due_on,code``.

    ``after`` is the ``next`` of the page before, ``before`` the ``previous`` of the page behind. ``view`` is the key of
    a view of the form: its filter holds beside the own one, and its order where no other is asked for.
    """

    filter = fields.String(
        metadata={"description": 'JSON: {"and": [{"field": "status", "op": "in", "value": ["open"]}]}'}
    )
    sort = fields.String(validate=validate.Length(max=200, error="too_long"))
    after = fields.String(validate=validate.Length(max=4000, error="too_long"))
    before = fields.String(validate=validate.Length(max=4000, error="too_long"))
    q = fields.String(validate=validate.Length(max=200, error="too_long"))
    view = fields.String(validate=validate.Length(max=63, error="too_long"))
    limit = Count(validate=validate.Range(1, 200, error="bad_limit"))


class NewRecord(Body):
    """A record to be made. ``draft``: kept without number, validated only as far as it goes."""

    values = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)
    draft = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    choices = choices_field()


class Lookup(Body):
    """What a link picker asks: the field, what was typed, and the unsaved record that the field's filter reads."""

    field = fields.String(required=True, validate=validate.Length(max=200, error="too_long"))
    q = fields.String(load_default="", validate=validate.Length(max=200, error="too_long"))
    values = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)
    row = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), allow_none=True, load_default=None)
    after = fields.String(allow_none=True, load_default=None)
    record = fields.Integer(allow_none=True, load_default=None, strict=True)


class RecordAnswer(ma.Schema):
    """A record: stored and computed values that the caller may see. Decimals are text."""

    id = fields.Integer()
    form = fields.String()
    version = fields.Integer()
    number = fields.String(allow_none=True)
    title = fields.String()
    draft = fields.Boolean()
    values = fields.Dict()


class PageAnswer(ma.Schema):
    """A page of records; ``next`` and ``previous`` are the cursors of the pages beside it.

    ``count`` is of all pages: exact up to 100,000, beyond that ``estimated``.
    """

    items = fields.List(fields.Nested(RecordAnswer))
    next = fields.String(allow_none=True)
    previous = fields.String(allow_none=True)
    count = fields.Integer()
    estimated = fields.Boolean()


@blueprint.route("")
class Forms(MethodView):
    """The forms that the caller may list."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=FormsListAnswer)
    def get(self) -> Response:
        """List forms"""
        with transaction() as session:
            return jsonify(items=forms_json(session, me()))


@blueprint.route("/<form>")
class Form(MethodView):
    """One form as the caller may use it."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=FormAnswer)
    def get(self, form: str) -> Response:
        """Read a form's fields"""
        with transaction() as session:
            return jsonify(form_json(session, me(), form))


@blueprint.route("/<form>/records")
class Records(MethodView):
    """The records of a form."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(ListArgs, location="query")
    @blueprint.alt_response(200, schema=PageAnswer)
    def get(self, args: dict[str, Any], form: str) -> Response:
        """List records by filter, order and page"""
        with transaction() as session:
            return jsonify(page_json(session, me(), form, list_query(args)))

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(NewRecord)
    @blueprint.alt_response(201, schema=RecordAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Create a record (and start the flows that wait for it)"""
        identity = me()

        def create(session: Any) -> tuple[int, dict[str, Any]]:
            actor = actor_of(identity)
            record = services().records.create(
                session,
                services().forms,
                form,
                body["values"],
                actor,
                draft=body["draft"],
                said={"choices": body["choices"]},
            )
            return 201, record_json(session, identity, record.id)

        return once(identity, request, create)


@blueprint.route("/<form>/choices")
class FormChoices(MethodView):
    """Whom somebody who submits picks."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=ChoicesAnswer)
    def get(self, form: str) -> Response:
        """List the people to pick from for the steps of the flows that submitting may start"""
        identity = me()
        with transaction() as session:
            world = World.of(session, identity)
            if not world.access(world.form(form)).may("create"):
                raise NotFound("unknown_form", {"form": form})
            return jsonify(items=choices_to_submit(session, form, world.actor))


@blueprint.route("/<form>/lookup")
class Candidates(MethodView):
    """Records that a link field may choose."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(Lookup)
    @blueprint.alt_response(200, schema=CandidatesAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Find candidates for a link (asks only, changes nothing)"""
        with transaction() as session:
            return jsonify(lookup(session, me(), form, body))
