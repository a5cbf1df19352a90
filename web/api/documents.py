"""Documents of a record, as their reader may see them: HTML to look at and print, PDF, or a Word file."""

import base64
import hashlib
from io import BytesIO
from typing import Any, BinaryIO, cast

import marshmallow as ma
from flask import Response, jsonify, url_for
from flask.views import MethodView
from formloom.i18n import LOCALES
from marshmallow import fields, validate

from form_engine.documents.html import whole_page
from form_engine.documents.service import MEDIA, Prepared
from web.api.door import ApiBlueprint, Body
from web.context import services, transaction
from web.file_answer import download
from web.identity import actor_of, me
from web.locales import current_locale
from web.policies import policy, signed_in

blueprint = ApiBlueprint("documents", "documents", url_prefix="/records", description="Documents of a record")


class DocumentArgs(Body):
    """The language of the document; the reader's own, if none is asked for."""

    locale = fields.String(load_default=None, validate=validate.OneOf(LOCALES, error="invalid_value"))


class Offered(ma.Schema):
    """A document that one may have of this record, in these formats."""

    key = fields.String()
    title = fields.String()
    formats = fields.List(fields.String())


class OfferedAnswer(ma.Schema):
    """All of them."""

    items = fields.List(fields.Nested(Offered))


@blueprint.route("/<int:record_id>/documents")
class Documents(MethodView):
    """What can be printed of a record."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DocumentArgs, location="query")
    @blueprint.alt_response(200, schema=OfferedAnswer)
    def get(self, args: dict[str, Any], record_id: int) -> Response:
        """List the documents that one may have of a record"""
        with transaction() as session:
            found = services().documents.offered(session, record_id, actor_of(me()), _locale(args))
        return jsonify(items=[{"key": one.key, "title": one.title, "formats": list(one.formats)} for one in found])


@blueprint.route("/<int:record_id>/documents/<key>.html")
class Html(MethodView):
    """A document as a page of its own."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DocumentArgs, location="query")
    @blueprint.alt_response(200, content_type="text/html")
    def get(self, args: dict[str, Any], record_id: int, key: str) -> Response:
        """Read a document as HTML, without what one may not read; its pictures are the record's own files"""
        prepared = _prepared(args, record_id, key, files=False)
        prepared.must("html")
        page, style = whole_page(prepared.sheet, lambda file: url_for("record.file", file_id=file))
        allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        answer = Response(page, content_type=MEDIA["html"])
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; img-src 'self'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        return answer


@blueprint.route("/<int:record_id>/documents/<key>.pdf")
class Pdf(MethodView):
    """A document on pages."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DocumentArgs, location="query")
    @blueprint.alt_response(200, content_type="application/pdf")
    def get(self, args: dict[str, Any], record_id: int, key: str) -> Response:
        """Read a document as PDF, without what one may not read"""
        return _file(_prepared(args, record_id, key), "pdf")


@blueprint.route("/<int:record_id>/documents/<key>.docx")
class Word(MethodView):
    """A document that is made from a Word template."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DocumentArgs, location="query")
    @blueprint.alt_response(200, content_type=MEDIA["docx"])
    def get(self, args: dict[str, Any], record_id: int, key: str) -> Response:
        """Read a document as a Word file; 404 for one that is no Word template"""
        return _file(_prepared(args, record_id, key), "docx")


def _locale(args: dict[str, Any]) -> str:
    return args["locale"] or current_locale()


def _prepared(args: dict[str, Any], record_id: int, key: str, *, files: bool = True) -> Prepared:
    """Read in a transaction that has ended before pages are set: that takes a process and its time."""
    with transaction() as session:
        documents = services().documents
        return documents.prepare(session, record_id, key, actor_of(me()), _locale(args), files=files)


def _file(prepared: Prepared, kind: str) -> Response:
    made = cast("BinaryIO", BytesIO(prepared.made(kind)))
    return download(made, f"{prepared.name}.{kind}", MEDIA[kind])
