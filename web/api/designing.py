"""What the form designer asks while a draft is worked on. It asks only: nothing here changes anything."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from formloom.errors import NotFound
from formloom.i18n import LOCALES
from marshmallow import fields, validate

from web.api import form_definitions as _forms_first  # noqa: F401
from web.api.definitions import SCOPE, DraftBody, blueprint
from web.context import services, transaction
from web.desk.designing import preview_json, surroundings
from web.desk.trying import PLACES, try_formula
from web.identity import me
from web.policies import admin, policy


class TryFormulaBody(DraftBody):
    """A formula, where in the draft it stands (``path`` is a field or a column), and a record to try it on."""

    path = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=130, error="too_long"))
    what = fields.String(required=True, validate=validate.OneOf(PLACES, error="invalid_value"))
    formula = fields.String(required=True, validate=validate.Length(max=10_000, error="too_long"))
    record = fields.Integer(load_default=None, allow_none=True, strict=True)


class FormPreviewBody(DraftBody):
    """Whose eyes (no role: all rights), which language, blank or on a record."""

    role = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=63, error="too_long"))
    locale = fields.String(required=True, validate=validate.OneOf(LOCALES, error="invalid_value"))
    record = fields.Integer(load_default=None, allow_none=True, strict=True)


class SurroundingsAnswer(ma.Schema):
    """Forms with their fields, roles, functions."""

    forms = fields.List(fields.Dict())
    roles = fields.List(fields.Dict())
    functions = fields.List(fields.Dict())


class TriedFormulaAnswer(ma.Schema):
    """What is wrong, else the type and, where a record was named, what comes out."""

    problem = fields.Dict(allow_none=True)
    type = fields.String()
    type_words = fields.String()
    value = fields.Raw(allow_none=True)
    hidden = fields.Boolean()


class FormPreviewAnswer(ma.Schema):
    """Whether they may open it at all, and the form's model as its page gets it."""

    may = fields.Boolean()
    model = fields.Dict()


@blueprint.route("/forms/<key>/surroundings")
class FormSurroundings(MethodView):
    """What a draft may speak of."""

    @policy(admin, scope=SCOPE)
    @blueprint.alt_response(200, schema=SurroundingsAnswer)
    def get(self, key: str) -> Response:
        """Tell what a form's formulas and links may speak of: forms with their fields, roles, functions"""
        with transaction() as session:
            if not services().forms.exists(session, key):
                raise NotFound("unknown_form", {"form": key})
            return jsonify(surroundings(session))


@blueprint.route("/forms/<key>/formula")
class FormFormula(MethodView):
    """A formula while it is written."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(TryFormulaBody)
    @blueprint.alt_response(200, schema=TriedFormulaAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Try a formula in its place in a draft: what is wrong with it, its type, its value on a record (asks only)"""
        with transaction() as session:
            return jsonify(try_formula(session, me(), key, body))


@blueprint.route("/forms/<key>/preview")
class FormPreview(MethodView):
    """A draft as it will look."""

    @policy(admin, scope=SCOPE)
    @blueprint.arguments(FormPreviewBody)
    @blueprint.alt_response(200, schema=FormPreviewAnswer)
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Show a draft as somebody of a role would meet it, in a language, blank or on a record (asks only)"""
        with transaction() as session:
            return jsonify(preview_json(session, me(), key, body))
