"""The guest's page, reached by a signed link: one task, no account, and the same answer for every link that fails."""

from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request
from formloom import guests
from formloom.errors import NotFound
from sqlalchemy.orm import Session

from form_engine.records.actor import Actor
from web.api.conditions import idempotency_key
from web.api.door import read_body
from web.api.tasks import Decision
from web.body_limits import accepts_upload
from web.context import services, transaction
from web.desk.decisions import decided
from web.desk.guest_page import guest_page, shown_files
from web.file_answer import send_stored, take_upload, uploaded
from web.guest_links import found, resolved
from web.policies import guest, policy

pages = Blueprint("guest", __name__, url_prefix="/g")


@pages.get("/<token>")
@policy(guest)
def show(token: str) -> str | tuple[str, int]:
    """The task behind the link; unknown, expired and revoked links look alike."""
    known = resolved(token)
    if known is None:
        return render_template("pages/guest_gone.html"), 404
    workspace_id, link_id = known
    try:
        with transaction(workspace_id) as session:
            page = guest_page(session, link_id, token)
    except NotFound:
        return render_template("pages/guest_gone.html"), 404
    return render_template("pages/guest.html", page=page)


@pages.post("/<token>/decide")
@policy(guest)
def decide(token: str) -> Response:
    """The guest's decision."""
    workspace_id, link_id = found(token)
    body = read_body(Decision(), request)
    with transaction(workspace_id) as session:
        task = services().flows.guest_task(session, link_id)
        link = guests.get(session, link_id)
    actor = Actor.guest(link_id, link.name)
    return jsonify(decided(services(), workspace_id, actor, task.id, body, idempotency_key()))


@pages.post("/<token>/files")
@policy(guest)
@accepts_upload
def upload(token: str) -> tuple[Response, int]:
    """A slip that the guest adds, while their task is open."""
    workspace_id, link_id = found(token)
    with transaction(workspace_id) as session:
        _open_task(session, link_id)
    sent = uploaded(request)
    with transaction(workspace_id) as session:
        _open_task(session, link_id)
        card = take_upload(session, sent, f"guest:{link_id}")
    body = {**card.to_json(), "id": card.id, "url": f"/g/{token}/files/{card.id}"}
    return jsonify(body), 201


@pages.get("/<token>/files/<uuid:file_id>")
@policy(guest)
def file(token: str, file_id: UUID) -> Response:
    """A file that stands in what the guest may see, or that they have just added."""
    workspace_id, link_id = found(token)
    with transaction(workspace_id) as session:
        row, stream = services().files.open(session, file_id)
        if row.created_by == f"guest:{link_id}" or str(file_id) in shown_files(session, link_id):
            return send_stored(row, stream)
        stream.close()
    raise NotFound("link_gone")


def _open_task(session: Session, link_id: UUID) -> None:
    if not services().flows.guest_task(session, link_id).open:
        raise NotFound("link_gone")
