"""The JSON Schemas of forms, for programs that read and write their records."""

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import Schema, fields

from web.api.door import ApiBlueprint
from web.context import transaction
from web.desk.definition_json import schema_json
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("schemas", "forms", description="What records look like, as JSON Schema")


class SchemaAnswer(Schema):
    """A JSON Schema, draft 2020-12: ``$defs/input`` is what may be sent, ``$defs/output`` what comes back."""

    schema_ = fields.String(data_key="$schema")
    id_ = fields.String(data_key="$id")
    ref_ = fields.String(data_key="$ref")
    title = fields.String()
    defs_ = fields.Dict(data_key="$defs", keys=fields.String(), values=fields.Dict())


@blueprint.route("/forms/<form>/schema")
class OfForm(MethodView):
    """The schema of a form's records."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=SchemaAnswer)
    def get(self, form: str) -> Response:
        """Read the JSON Schema of a form's records: fields that the caller may see, and may fill in"""
        with transaction() as session:
            return jsonify(schema_json(session, me(), form, request.base_url))
