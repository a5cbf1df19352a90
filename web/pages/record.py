"""One record: what it says, what belongs to it, what happened to it; and the form that changes it."""

from uuid import UUID

from flask import Blueprint, Response, render_template, request

from web.context import transaction
from web.desk.record_form import edit_form
from web.desk.record_page import record_page
from web.file_answer import file_answer
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in

pages = Blueprint("record", __name__)


@pages.get("/records/<int:record_id>")
@policy(signed_in)
def show(record_id: int) -> str:
    """The record's page, or (``part=body``) what follows changes."""
    with transaction() as session:
        page = record_page(session, me(), record_id)
        if request.args.get("part") == "body":
            return render_template("parts/record_body.html", page=page, now=page.now)
        nav = load_nav(session)
    return render_template("pages/record.html", nav=nav, page=page, now=page.now)


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
