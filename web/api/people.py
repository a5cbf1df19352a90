"""The caller, and the people one can name in a field."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from formloom import people
from marshmallow import fields, validate

from web.api.answers import MeAnswer, NamesAnswer
from web.api.door import ApiBlueprint, Body
from web.context import transaction
from web.identity import me
from web.locales import current_locale
from web.policies import policy, signed_in

blueprint = ApiBlueprint("people", "people", description="The caller and their colleagues")


class PeopleArgs(Body):
    """What was typed."""

    q = fields.String(load_default="", validate=validate.Length(max=100, error="too_long"))


@blueprint.route("/me")
class Me(MethodView):
    """Who calls."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=MeAnswer)
    def get(self) -> Response:
        """Read the caller's name, roles and rights"""
        identity = me()
        scopes = None if identity.scopes is None else sorted(identity.scopes)
        return jsonify(
            id=identity.person_id,
            name=identity.name,
            roles=sorted(identity.roles),
            locale=identity.locale,
            time_zone=identity.time_zone,
            scopes=scopes,
        )


@blueprint.route("/people")
class People(MethodView):
    """Colleagues by name, for member fields."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(PeopleArgs, location="query")
    @blueprint.alt_response(200, schema=NamesAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """Find colleagues; names only"""
        with transaction() as session:
            found = people.search(session, args["q"], limit=20)
        return jsonify(items=[{"id": one.id, "name": one.name} for one in found])


@blueprint.route("/departments")
class Departments(MethodView):
    """Departments by name, for department fields."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(PeopleArgs, location="query")
    @blueprint.alt_response(200, schema=NamesAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """Find departments; names only"""
        with transaction() as session:
            found = people.search_departments(session, args["q"], current_locale(), limit=20)
        return jsonify(items=[{"id": number, "name": name} for number, name in found])
