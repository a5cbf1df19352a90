"""Lists of records, and the form that makes a new one."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from form_engine.exports.service import AT_ONCE, MEDIA
from web.context import services, transaction
from web.desk.lists import list_export, list_page
from web.desk.record_form import new_form
from web.file_answer import download, made_here
from web.identity import actor_of, me
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
    """An empty form; values in the query (``?order=17``) are filled in."""
    with transaction() as session:
        page = new_form(session, me(), form, request.args)
        nav = load_nav(session)
    return render_template("pages/edit.html", nav=nav, **page)


@pages.post("/forms/<form>/export")
@policy(signed_in)
def export(form: str) -> ResponseReturnValue:
    """The list as a file: at once when it is short; else a job, whose page shows how far it is, then the file."""
    exports, actor = services().exports, actor_of(me())
    with made_here() as file, transaction() as session:
        asked = list_export(session, me(), form, request.form, request.form.get("format", ""))
        count = exports.count(session, asked, actor)
        if count > AT_ONCE:
            exports.start(session, asked, actor, count)
            file.close()
            return redirect(url_for("work.show"), 303)
        for _ in exports.write(session, asked, actor, file):
            pass
        name = exports.name(session, asked)
    return download(file, name, MEDIA[asked.format])
