"""Why: which role, filter or grant lets somebody see and do what."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields

from web.api.door import ApiBlueprint, Body, Count
from web.context import transaction
from web.desk.why import why_form, why_record
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("why", "permissions", description="Why somebody may see or do something")


class WhyArgs(Body):
    """Whom the question is about; the caller, where nobody is named. Only admins may name others."""

    user = Count()


class WhoAnswer(ma.Schema):
    """The person, with the roles that they hold."""

    id = fields.Integer()
    name = fields.String()
    roles = fields.List(fields.String())


class LineAnswer(ma.Schema):
    """A line of the form's access: ``words`` tell its filter, ``holds`` whether that lets this record through; nothing
    of it to others than admins where it reads what they may not.
    """

    source = fields.String()
    role = fields.String()
    held = fields.Boolean()
    may = fields.List(fields.String())
    where = fields.String(allow_none=True)
    words = fields.Dict(keys=fields.String(), values=fields.String())
    holds = fields.Boolean(allow_none=True)
    counts = fields.Boolean()


class GrantAnswer(ma.Schema):
    """A right on this one record, from a run or a share."""

    source = fields.String()
    actions = fields.List(fields.String())
    fields_ = fields.Dict(data_key="fields", keys=fields.String(), values=fields.String())
    expires_at = fields.DateTime(allow_none=True)
    live = fields.Boolean()


class VerdictAnswer(ma.Schema):
    """``by`` are the lines and grants that give it, ``others`` those that would, but do not count here."""

    allowed = fields.Boolean()
    by = fields.List(fields.String())
    others = fields.List(fields.String())


class LevelAnswer(ma.Schema):
    """What one source gives."""

    source = fields.String()
    access = fields.String()


class FieldAnswer(ma.Schema):
    """What may be done with a field; ``hidden_by`` are fields from which it is computed and which may not be read."""

    path = fields.String()
    label = fields.String()
    access = fields.String()
    by = fields.List(fields.Nested(LevelAnswer))
    hidden_by = fields.List(fields.String())


class WhyAnswer(ma.Schema):
    """``besides`` are facts of the record that close it whatever the rights: in_run, draft_of_another, deleted."""

    form = fields.String()
    record = fields.Integer(allow_none=True)
    user = fields.Nested(WhoAnswer)
    besides = fields.List(fields.String())
    lines = fields.List(fields.Nested(LineAnswer))
    grants = fields.List(fields.Nested(GrantAnswer))
    actions = fields.Dict(keys=fields.String(), values=fields.Nested(VerdictAnswer))
    fields_ = fields.List(fields.Nested(FieldAnswer), data_key="fields")


@blueprint.route("/records/<int:record_id>/why")
class OfRecord(MethodView):
    """About one record."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(WhyArgs, location="query")
    @blueprint.alt_response(200, schema=WhyAnswer)
    def get(self, args: dict[str, Any], record_id: int) -> Response:
        """Tell why somebody may see or change a record, field by field"""
        with transaction() as session:
            return jsonify(why_record(session, me(), record_id, args.get("user")))


@blueprint.route("/forms/<form>/why")
class OfForm(MethodView):
    """About a form."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(WhyArgs, location="query")
    @blueprint.alt_response(200, schema=WhyAnswer)
    def get(self, args: dict[str, Any], form: str) -> Response:
        """Tell what somebody may do with records of a form, and by which of their roles"""
        with transaction() as session:
            return jsonify(why_form(session, me(), form, args.get("user")))
