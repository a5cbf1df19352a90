"""What became of a report, for whoever sent it: a link of their own, shown when they reported (ADR 102)."""

from uuid import UUID

from flask import Blueprint, Response, make_response, render_template
from formloom.errors import NotFound

from web.context import services, transaction
from web.desk.receipt_page import receipt_page, shown_files
from web.file_answer import send_stored
from web.guest_links import found, resolved
from web.policies import guest, policy

pages = Blueprint("receipt", __name__, url_prefix="/v")


@pages.get("/<token>")
@policy(guest)
def show(token: str) -> Response:
    """Where it stands; unknown, expired and revoked links look alike."""
    link = resolved(token)
    try:
        if link is None:
            raise NotFound("link_gone")
        with transaction(link[0]) as session:
            page = receipt_page(session, link[1], f"/v/{token}")
    except NotFound:
        return make_response(render_template("pages/guest_gone.html"), 404)
    return make_response(render_template("pages/receipt.html", page=page))


@pages.get("/<token>/files/<uuid:file_id>")
@policy(guest)
def file(token: str, file_id: UUID) -> Response:
    """A file that stands on the receipt."""
    workspace_id, link_id = found(token)
    with transaction(workspace_id) as session:
        if str(file_id) not in shown_files(session, link_id):
            raise NotFound("link_gone")
        return send_stored(*services().files.open(session, file_id))
