"""Administration: which forms there are, where a new one begins, and the designer of one."""

from flask import Blueprint, render_template

from web.context import transaction
from web.desk.admin import admin_form, admin_forms, form_start
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


@pages.get("/new-form")
@policy(admin)
def new_form() -> str:
    """Where a form begins: blank, from a template, like another one, or out of a sheet."""
    with transaction() as session:
        props = form_start(session)
        nav = load_nav(session)
    return render_template("pages/admin_new_form.html", nav=nav, props=props)


@pages.get("/forms/<form>")
@policy(admin)
def edit(form: str) -> str:
    """The form designer."""
    with transaction() as session:
        page = admin_form(session, me(), form)
        nav = load_nav(session)
    return render_template("pages/admin_form.html", nav=nav, form=form, **page)
