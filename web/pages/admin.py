"""Administration: which forms there are, and a page on which a form's fields change."""

from flask import Blueprint, render_template

from web.context import transaction
from web.desk.admin import admin_form, admin_forms
from web.identity import me
from web.page_frame import load_nav
from web.policies import admin, policy

pages = Blueprint("admin", __name__, url_prefix="/admin")


@pages.get("")
@policy(admin)
def index() -> str:
    """All forms, and which of them have unpublished changes."""
    with transaction() as session:
        forms = admin_forms(session)
        nav = load_nav(session)
    return render_template("pages/admin_list.html", nav=nav, forms=forms)


@pages.get("/forms/<form>")
@policy(admin)
def edit(form: str) -> str:
    """The island in which fields are added, named, required, moved, and the form published."""
    with transaction() as session:
        page = admin_form(session, me(), form)
        nav = load_nav(session)
    return render_template("pages/admin_form.html", nav=nav, form=form, **page)
