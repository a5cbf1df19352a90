"""The page behind a public link or QR code of a form: anybody who holds it reports, without an account (ADR 102)."""

from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from formloom.errors import Conflict, NotFound
from marshmallow import fields

from form_engine.definition import Limits
from web.api.conditions import idempotency_key
from web.api.door import Body, read_body
from web.api.forms import Lookup
from web.body_limits import accepts_upload
from web.context import services, transaction
from web.desk.report_page import accepted, choices_json, opening_of, report_page, takes_files
from web.desk.reporting import Reporting, is_used, network
from web.file_answer import send_stored, take_upload, uploaded
from web.guest_links import found, resolved
from web.policies import guest, policy
from web.visits import begin_visit, visit_of

pages = Blueprint("report", __name__, url_prefix="/q")
TRIES = 4
"""So many times more files may be sent than a report holds: photos are taken again."""


class Report(Body):
    """What a guest filled in."""

    values = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


@pages.get("/<token>")
@policy(guest)
def show(token: str) -> Response:
    """The form; unknown, expired and revoked links look alike. Each browser gets a visit of its own."""
    link = resolved(token)
    try:
        if link is None:
            raise NotFound("link_gone")
        with transaction(link[0]) as session:
            page = report_page(session, link[1], f"/q/{token}")
            visit = visit_of(request, services().settings, link[1])
            fresh = visit is None or is_used(session, visit)
    except NotFound:
        return make_response(render_template("pages/guest_gone.html"), 404)
    response = make_response(render_template("pages/report.html", page=page))
    if fresh:
        begin_visit(response, services().settings, link[1], f"/q/{token}")
    return response


@pages.post("/<token>")
@policy(guest)
def send(token: str) -> tuple[Response, int]:
    """Report; the answer says where the receipt is."""
    workspace_id, link_id = found(token)
    with transaction(workspace_id) as session:
        limits = opening_of(session, link_id).guest.definition.limits
    visit, body = _visit(link_id), read_body(Report(), request)
    key, sent = idempotency_key(), request.get_data(cache=True)
    take = Reporting(workspace_id, link_id, visit, network(request.remote_addr or ""), limits)
    return jsonify(next=take.report(body["values"], key, sent)), 201


@pages.post("/<token>/lookup")
@policy(guest)
def choices(token: str) -> Response:
    """What a link field offers, by title."""
    workspace_id, link_id = found(token)
    services().access.throttle.count("guest_lookup", network(request.remote_addr or ""))
    asked = read_body(Lookup(), request)
    with transaction(workspace_id) as session:
        return jsonify(choices_json(session, link_id, asked["field"], asked["values"], asked["q"]))


@pages.post("/<token>/files")
@policy(guest)
@accepts_upload
def upload(token: str) -> tuple[Response, int]:
    """A photo for the report; it is this visitor's alone until they send it."""
    workspace_id, link_id = found(token)
    with transaction(workspace_id) as session:
        opening = opening_of(session, link_id)
        limits, types = opening.guest.definition.limits, accepted(opening)
        if not takes_files(opening):
            raise NotFound("link_gone")
    visit = _visit(link_id)
    _count_file(limits, visit)
    sent = uploaded(request)
    with transaction(workspace_id) as session:
        card = take_upload(session, sent, f"guest:{visit}", accept=types, most_bytes=limits.file_bytes)
    return jsonify({**card.to_json(), "id": card.id, "url": f"/q/{token}/files/{card.id}"}), 201


@pages.get("/<token>/files/<uuid:file_id>")
@policy(guest)
def file(token: str, file_id: UUID) -> Response:
    """A file that this visitor has just added."""
    workspace_id, link_id = found(token)
    visit = visit_of(request, services().settings, link_id)
    with transaction(workspace_id) as session:
        opening_of(session, link_id)
        row, stream = services().files.open(session, file_id)
        if visit is not None and row.created_by == f"guest:{visit}":
            return send_stored(row, stream)
        stream.close()
    raise NotFound("link_gone")


def _visit(link_id: UUID) -> UUID:
    visit = visit_of(request, services().settings, link_id)
    if visit is None:
        raise Conflict("visit_over")
    return visit


def _count_file(limits: Limits, visit: UUID) -> None:
    throttle = services().access.throttle
    throttle.count("guest_file", network(request.remote_addr or ""))
    throttle.count_hour(limits.files * TRIES, "report_file", visit.hex)
