"""Lists of records, and the form that makes a new one."""

from flask import Blueprint, render_template, request

from web.context import transaction
from web.desk.lists import list_page
from web.desk.record_form import new_form
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in

pages = Blueprint("lists", __name__)


@pages.get("/forms/<form>")
@policy(signed_in)
def show(form: str) -> str:
    """Records of a form that the person may see: searched, filtered by chips, sorted by a column, by pages."""
    with transaction() as session:
        page = list_page(session, me(), form, request.args)
        nav = load_nav(session)
    return render_template("pages/list.html", nav=nav, page=page)


@pages.get("/forms/<form>/new")
@policy(signed_in)
def new(form: str) -> str:
    """An empty form; values in the query (``?bill=17``) are filled in."""
    with transaction() as session:
        page = new_form(session, me(), form, request.args)
        nav = load_nav(session)
    return render_template("pages/edit.html", nav=nav, **page)
