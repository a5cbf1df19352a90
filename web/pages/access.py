"""Administration of rights: who may do what with which form, and why somebody sees a record."""

from flask import Blueprint, render_template, request
from formloom import people

from web.context import transaction
from web.desk.access_page import access_page
from web.identity import me
from web.page_frame import load_nav
from web.policies import admin, policy
from web.whole_number import whole_number

pages = Blueprint("access_page", __name__, url_prefix="/admin")


@pages.get("/access")
@policy(admin)
def show() -> str:
    """The matrix of a form; with ``person`` (and ``record``, an id) the reasons."""
    asked = {name: request.args.get(name, "")[:100] for name in ("form", "person", "record")}
    person, record = whole_number(asked["person"]), whole_number(asked["record"])
    with transaction() as session:
        page = access_page(session, me(), asked["form"] or None, person, record if person is not None else None)
        return render_template(
            "pages/access.html", nav=load_nav(session), colleagues=people.search(session, "", 1000), asked=asked, **page
        )
