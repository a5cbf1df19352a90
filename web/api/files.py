"""Uploads. A file belongs to nobody until a record names it; only its uploader sees it until then."""

from flask import Response, jsonify, request
from flask.views import MethodView

from web.api.answers import FileAnswer
from web.api.door import ApiBlueprint
from web.body_limits import accepts_upload
from web.context import transaction
from web.file_answer import take_upload, uploaded
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("files", "files", url_prefix="/files", description="Uploads")


@blueprint.route("")
class Files(MethodView):
    """Files of the workspace."""

    @policy(signed_in, scope="files:write")
    @accepts_upload
    @blueprint.alt_response(201, schema=FileAnswer)
    def post(self) -> tuple[Response, int]:
        """Upload one file (multipart part “file”); its type is judged by its content"""
        sent = uploaded(request)
        with transaction() as session:
            card = take_upload(session, sent, actor_of(me()).ref)
        return jsonify(id=card.id, **card.to_json()), 201
