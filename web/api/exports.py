"""Lists as files: at once when they are short, as a job when they are long."""

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView
from marshmallow import fields, validate

from form_engine.exports import FORMATS, Export
from form_engine.exports.delimited import ENCODINGS
from form_engine.exports.service import MEDIA
from web.api.door import ApiBlueprint, Body, Nothing
from web.api.once import once_if_keyed
from web.context import services, transaction
from web.desk.query import list_query
from web.file_answer import download, made_here
from web.identity import actor_of, me
from web.locales import current_locale
from web.policies import policy, signed_in

blueprint = ApiBlueprint("exports", "exports", url_prefix="/forms", description="Lists as files")


class ExportArgs(Body):
    """What a list takes, and how it should be written. ``columns`` are field keys; all that one may see unless told."""

    format = fields.String(load_default="xlsx", validate=validate.OneOf(FORMATS, error="unknown_format"))
    encoding = fields.String(load_default="utf-8-bom", validate=validate.OneOf(ENCODINGS, error="invalid_value"))
    filter = fields.String()
    sort = fields.String(validate=validate.Length(max=200, error="too_long"))
    q = fields.String(validate=validate.Length(max=200, error="too_long"))
    columns = fields.String(validate=validate.Length(max=4000, error="too_long"))


class StartedAnswer(ma.Schema):
    """A job that writes the file; its result has the file's id and a link."""

    job = fields.Integer()
    total = fields.Integer()


@blueprint.route("/<form>/export")
class ExportList(MethodView):
    """A list of records as a file."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(ExportArgs, location="query")
    @blueprint.alt_response(200, content_type=MEDIA["xlsx"])
    def get(self, args: dict[str, Any], form: str) -> Response:
        """Export a list as one may see it. 409 `export_is_long`: ask for it by POST"""
        export, actor, exports = _asked(args, form), actor_of(me()), services().exports
        with made_here() as file, transaction() as session:
            exports.at_once(session, export, actor)
            for _ in exports.write(session, export, actor, file):
                pass
            name = exports.name(session, export)
        return download(file, name, MEDIA[export.format])

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(ExportArgs, location="query")
    @blueprint.arguments(Nothing)
    @blueprint.alt_response(202, schema=StartedAnswer)
    def post(self, args: dict[str, Any], _body: dict[str, Any], form: str) -> Response:
        """Have a list of any length written by a job, whose result links to it. An Idempotency-Key makes it once"""
        export, actor, exports = _asked(args, form), actor_of(me()), services().exports

        def start(session: Any) -> tuple[int, dict[str, Any]]:
            count = exports.count(session, export, actor)
            return 202, {"job": exports.start(session, export, actor, count), "total": count}

        return once_if_keyed(me(), request, start)


def _asked(args: dict[str, Any], form: str) -> Export:
    query = list_query(args)
    return Export(
        form=form,
        format=args["format"],
        filter=query.filter,
        sort=query.sort,
        q=query.q,
        columns=tuple(part for part in args.get("columns", "").split(",") if part),
        encoding=args["encoding"],
        locale=current_locale(),
    )
