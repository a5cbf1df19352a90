"""One record: what it says, what belongs to it, what happened to it; and the form that changes it."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from formloom.errors import InvalidInput
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web.body_limits import accepts_upload
from web.context import transaction
from web.desk.comments import NOTHING_SAID, Said, comments_beside, comments_view, refused, say, say_otherwise, unsay
from web.desk.compare_page import compare_page
from web.desk.document_page import document_page
from web.desk.frame import unseen
from web.desk.life.further import timeline_further
from web.desk.record_form import edit_form
from web.desk.record_page import RecordPage, record_page
from web.file_answer import file_answer
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in

pages = Blueprint("record", __name__)


@pages.get("/records/<int:record_id>")
@policy(signed_in)
def show(record_id: int) -> str:
    """The record's page, or (``part=body``, ``part=comments``) what follows changes."""
    part = request.args.get("part")
    with transaction() as session:
        if part == "comments":
            return render_template("parts/comments.html", comments=comments_view(session, me(), record_id))
        chosen, after = request.args.get("list", ""), request.args.get("after")
        page = record_page(session, me(), record_id, chosen=chosen, after=after)
        if part == "body":
            return render_template("parts/record_body.html", page=page, now=page.now)
        return _page(session, page, NOTHING_SAID)


def _page(session: Session, page: RecordPage, said: Said) -> str:
    comments = comments_beside(session, me(), page.id)
    nav = load_nav(session)
    seen = unseen(session, me(), f"/records/{page.id}")
    return render_template(
        "pages/record.html", nav=nav, page=page, now=page.now, comments=comments, said=said, seen=seen
    )


@pages.get("/records/<int:record_id>/timeline")
@policy(signed_in)
def timeline(record_id: int) -> str:
    """More of what happened to the record (``way=past``) or is to come (``way=ahead``), from ``day`` on."""
    with transaction() as session:
        page = timeline_further(session, me(), record_id, request.args.get("way", "past"), request.args.get("day", ""))
        return render_template("pages/timeline.html", nav=load_nav(session), page=page)


@pages.get("/records/<int:record_id>/compare")
@policy(signed_in)
def compare(record_id: int) -> str:
    """Two versions of the record side by side."""
    with transaction() as session:
        page = compare_page(session, me(), record_id, request.args.get("old", ""), request.args.get("new", ""))
        return render_template("pages/compare.html", nav=load_nav(session), page=page, now=page.now)


@pages.post("/records/<int:record_id>/comments")
@policy(signed_in)
@accepts_upload
def comment(record_id: int) -> Response | tuple[str, int]:
    """Say something; what was refused stands in the box again, with the words why."""
    body = request.form.get("body", "")
    try:
        with transaction() as session:
            say(session, me(), record_id, body, request.files.getlist("file"))
    except InvalidInput as error:
        with transaction() as session:
            return _page(session, record_page(session, me(), record_id), refused(body, error)), 422
    return redirect(f"/records/{record_id}#comments", code=303)


@pages.post("/records/<int:record_id>/comments/<int:comment_id>")
@policy(signed_in)
def edit_comment(record_id: int, comment_id: int) -> Response:
    """Put one's own comment in other words."""
    with transaction() as session:
        say_otherwise(session, me(), record_id, comment_id, request.form.get("body", ""))
    return redirect(f"/records/{record_id}#comment-{comment_id}", code=303)


@pages.post("/records/<int:record_id>/comments/<int:comment_id>/delete")
@policy(signed_in)
def take_back(record_id: int, comment_id: int) -> Response:
    """Take one's own comment back."""
    with transaction() as session:
        unsay(session, me(), record_id, comment_id)
    return redirect(f"/records/{record_id}#comments", code=303)


@pages.get("/records/<int:record_id>/documents/<key>")
@policy(signed_in)
def document(record_id: int, key: str) -> str:
    """A document of the record on the screen, to be printed or taken along as PDF."""
    with transaction() as session:
        page = document_page(session, me(), record_id, key, request.args.get("locale", ""))
        nav = load_nav(session)
    return render_template("pages/document.html", nav=nav, page=page)


@pages.get("/records/<int:record_id>/edit")
@policy(signed_in)
def edit(record_id: int) -> str:
    """The form on a stored record."""
    with transaction() as session:
        page = edit_form(session, me(), record_id)
        nav = load_nav(session)
    return render_template("pages/edit.html", nav=nav, **page)


@pages.get("/files/<uuid:file_id>")
@policy(signed_in, scope="files:read")
def file(file_id: UUID) -> Response:
    """A stored file, for whoever may see a record that holds it (or uploaded it)."""
    with transaction() as session:
        return file_answer(session, me(), file_id)
