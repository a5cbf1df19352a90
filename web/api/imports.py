"""Sheets into forms: upload, look, map, put right, run, undo. A batch is its uploader's and the admins'."""

from hashlib import file_digest
from typing import Any, BinaryIO, cast

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from formloom.errors import InvalidInput, Issue
from marshmallow import fields, validate

from form_engine.imports.infer import infer_form
from form_engine.imports.profile import parse_profile
from form_engine.imports.report import write_errors
from form_engine.imports.staging import STATES
from web.api.door import ApiBlueprint, Body, Count, Nothing
from web.api.once import once, once_if_keyed
from web.body_limits import accepts_upload
from web.context import services, transaction
from web.desk.imports_json import batch_json, row_json, rows_json
from web.file_answer import download, made_here
from web.identity import actor_of, me
from web.locales import current_locale
from web.policies import admin, policy, signed_in
from web.words import sentence

blueprint = ApiBlueprint("imports", "imports", url_prefix="", description="Sheets into records")


class UploadArgs(Body):
    """``profile``: the key of an import profile; without one the columns are mapped by similarity."""

    profile = fields.String(validate=validate.Length(max=63, error="too_long"))


class Mapping(Body):
    """The whole import profile by which the file is read again."""

    profile = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class RowsArgs(Body):
    """``state``: one or several of ok, warn, error, skip, header; ``after`` is ``next`` of the page before."""

    state = fields.String(validate=validate.Length(max=60, error="too_long"))
    after = Count()
    limit = Count(validate=validate.Range(1, 500, error="bad_limit"))


class Correction(Body):
    """Cells by the number of their column in the sheet, counted from 0."""

    cells = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class HowToRun(Body):
    """``all``: only if no row has an error, and all or none of them; ``valid``: whatever is good enough."""

    mode = fields.String(required=True, validate=validate.OneOf(("all", "valid"), error="invalid_value"))


class SheetAnswer(ma.Schema):
    """A sheet of the file, with its columns and where each mapped one stands; no header: it is not read."""

    name = fields.String()
    header = fields.Dict(allow_none=True)
    columns = fields.List(fields.String())
    groups = fields.List(fields.String())
    mapped = fields.Dict(keys=fields.String(), values=fields.Integer())


class BatchAnswer(ma.Schema):
    """An import on its way. ``remembered``: by whose mapping of the same header the columns are read."""

    id = fields.Integer()
    form = fields.String()
    state = fields.String()
    file = fields.String()
    profile_key = fields.String(allow_none=True)
    profile = fields.Dict(allow_none=True)
    sheets = fields.List(fields.Nested(SheetAnswer))
    suggested = fields.List(fields.Dict())
    remembered = fields.Dict(allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    result = fields.Dict()
    job = fields.Integer(allow_none=True)
    created_by = fields.String()
    created_at = fields.String()


class IssueAnswer(ma.Schema):
    """Something said about a row; ``level`` is error, warning or skip."""

    column = fields.String(allow_none=True)
    code = fields.String()
    level = fields.String()
    detail = fields.String()


class RowAnswer(ma.Schema):
    """A line of a sheet: its cells, what they were read as, and what is said about it."""

    row = fields.Integer()
    sheet = fields.Integer()
    line = fields.Integer()
    state = fields.String()
    raw = fields.List(fields.Raw(allow_none=True))
    fixed = fields.List(fields.Integer())
    clean = fields.Dict(allow_none=True)
    issues = fields.List(fields.Nested(IssueAnswer))
    target = fields.Integer(allow_none=True)
    record = fields.Integer(allow_none=True)


class RowsAnswer(ma.Schema):
    """A page of rows in the order of the file."""

    items = fields.List(fields.Nested(RowAnswer))
    next = fields.Integer(allow_none=True)


class BatchesAnswer(ma.Schema):
    """The latest imports of a form, and the profiles that it has."""

    items = fields.List(fields.Nested(BatchAnswer))
    profiles = fields.List(fields.Dict())


class InferredAnswer(ma.Schema):
    """A draft of a form, and why each of its fields is what it is."""

    definition = fields.Dict()
    fields_ = fields.List(fields.Dict(), data_key="fields")


@blueprint.route("/forms/<form>/imports")
class Uploads(MethodView):
    """The imports of a form."""

    @policy(signed_in, scope="records:write")
    @accepts_upload
    @blueprint.arguments(UploadArgs, location="query")
    @blueprint.alt_response(201, schema=BatchAnswer)
    def post(self, args: dict[str, Any], form: str) -> Response:
        """Upload a sheet (multipart part “file”); a large one is read by a job. An Idempotency-Key makes it once"""
        stream, name = _upload()
        identity, imports = me(), services().imports
        actor = actor_of(identity)
        with transaction() as session:
            imports.importable(session, form, actor)
        sheets = imports.look(stream)

        def upload(session: Any) -> tuple[int, dict[str, Any]]:
            stream.seek(0)
            batch = imports.upload(session, form, stream, name, actor, profile=args.get("profile"), sheets=sheets)
            return 201, batch_json(session, batch)

        return once_if_keyed(identity, request, upload, body=_digest(stream, name))

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=BatchesAnswer)
    def get(self, form: str) -> Response:
        """One's own imports (admins see everybody's), the latest first"""
        with transaction() as session:
            services().imports.importable(session, form, actor_of(me()))
            batches = services().imports.listing(session, form, actor_of(me()))
            profiles = services().stores.imports.of_form(session, form)
            return jsonify(
                items=[batch_json(session, batch) for batch in batches],
                profiles=[{"key": key, "title": profile.title} for key, profile in profiles.items()],
            )


@blueprint.route("/imports/<int:batch_id>")
class Batch(MethodView):
    """One import."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=BatchAnswer)
    def get(self, batch_id: int) -> Response:
        """How far it is, what was found, how it is mapped"""
        with transaction() as session:
            return jsonify(batch_json(session, services().imports.find(session, batch_id, actor_of(me()))))

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Mapping)
    @blueprint.alt_response(200, schema=BatchAnswer)
    def patch(self, body: dict[str, Any], batch_id: int) -> Response:
        """Read the file again by this profile; it is remembered for files with the same header"""
        with transaction() as session:
            batch = services().imports.map(session, batch_id, body["profile"], actor_of(me()))
            return jsonify(batch_json(session, batch))

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(204)
    def delete(self, batch_id: int) -> Response:
        """Forget an import that wrote nothing"""
        with transaction() as session:
            services().imports.discard(session, batch_id, actor_of(me()))
        return Response(status=204)


@blueprint.route("/imports/<int:batch_id>/rows")
class Rows(MethodView):
    """The rows of an import."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(RowsArgs, location="query")
    @blueprint.alt_response(200, schema=RowsAnswer)
    def get(self, args: dict[str, Any], batch_id: int) -> Response:
        """Rows with what came in, what it was read as, and what is said about it"""
        states = tuple(part for part in args.get("state", "").split(",") if part)
        if any(state not in STATES for state in states):
            raise InvalidInput("invalid_query", issues=(Issue("/state", "not_an_option", {"options": list(STATES)}),))
        limit = args.get("limit", 100)
        with transaction() as session:
            actor = actor_of(me())
            batch = services().imports.find(session, batch_id, actor)
            rows = services().imports.rows(
                session, batch_id, actor, states=states, after=args.get("after", -1), limit=limit
            )
            return jsonify(rows_json(batch, rows, limit))


@blueprint.route("/imports/<int:batch_id>/rows/<int:row>")
class Row(MethodView):
    """One row."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Correction)
    @blueprint.alt_response(200, schema=RowAnswer)
    def patch(self, body: dict[str, Any], batch_id: int, row: int) -> Response:
        """Put cells right; the row is judged anew, and so are rows with the same key"""
        cells = {_column(at): _scalar(at, cell) for at, cell in body["cells"].items()}
        with transaction() as session:
            actor = actor_of(me())
            found = services().imports.correct(session, batch_id, row, cells, actor)
            batch = services().imports.find(session, batch_id, actor)
            return jsonify(row_json(batch, parse_profile(batch.profile), found))


@blueprint.route("/imports/<int:batch_id>/run")
class Run(MethodView):
    """Writing the records."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(HowToRun)
    @blueprint.alt_response(202, schema=BatchAnswer)
    def post(self, body: dict[str, Any], batch_id: int) -> Response:
        """Write the rows as a job, which tells how far it is and can be cancelled"""
        identity = me()

        def run(session: Any) -> tuple[int, dict[str, Any]]:
            batch = services().imports.run(session, batch_id, actor_of(identity), valid_only=body["mode"] == "valid")
            return 202, batch_json(session, batch)

        return once(identity, request, run)


@blueprint.route("/imports/<int:batch_id>/undo")
class Undo(MethodView):
    """Taking them back."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Nothing)
    @blueprint.alt_response(202, schema=BatchAnswer)
    def post(self, _body: dict[str, Any], batch_id: int) -> Response:
        """Take back what the import wrote, as far as nobody has changed it since"""
        identity = me()

        def undo(session: Any) -> tuple[int, dict[str, Any]]:
            return 202, batch_json(session, services().imports.undo(session, batch_id, actor_of(identity)))

        return once(identity, request, undo)


@blueprint.route("/imports/<int:batch_id>/errors.xlsx")
class Errors(MethodView):
    """What was not good enough."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    def get(self, batch_id: int) -> Response:
        """The rows with errors as a workbook, with the reasons beside them"""
        with made_here() as file, transaction() as session:
            batch = services().imports.find(session, batch_id, actor_of(me()))
            name = f"{batch.file_name.rsplit('.', 1)[0]}-errors.xlsx"
            write_errors(session, batch, parse_profile(batch.profile), file, current_locale(), sentence)
        return download(file, name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@blueprint.route("/forms/infer")
class Infer(MethodView):
    """A form out of a sheet."""

    @policy(admin, scope="definitions:write")
    @accepts_upload
    @blueprint.alt_response(200, schema=InferredAnswer)
    def post(self) -> Response:
        """Draft a form from a sheet (multipart part “file”): types, choices, what is required, unique, linked"""
        stream, name = _upload()
        with transaction() as session:
            forms = services().forms.forms(session)
            return jsonify(infer_form(session, forms, stream, name, actor_of(me())).to_json())


def _upload() -> tuple[BinaryIO, str]:
    upload = request.files.get("file")
    if upload is None:
        raise InvalidInput("file_missing_in_body", issues=(Issue("/file", "required"),))
    return cast("BinaryIO", upload.stream), upload.filename or ""


def _digest(stream: BinaryIO, name: str) -> bytes:
    """The file itself, briefly."""
    digest = file_digest(stream, "sha256").digest()  # type: ignore[arg-type]  # any stream of bytes will do
    stream.seek(0)
    return digest + name.encode()


def _column(at: str) -> int:
    if not (at.isascii() and at.isdigit() and len(at) < 5):
        raise InvalidInput("invalid_input", issues=(Issue("/cells", "import_column_unknown"),))
    return int(at)


def _scalar(at: str, cell: Any) -> Any:
    if cell is not None and not isinstance(cell, str | int | bool):
        raise InvalidInput("invalid_input", issues=(Issue(f"/cells/{at}", "not_text"),))
    if isinstance(cell, str) and ("\x00" in cell or len(cell) > 32_767):
        raise InvalidInput("invalid_input", issues=(Issue(f"/cells/{at}", "bad_character"),))
    return cell
