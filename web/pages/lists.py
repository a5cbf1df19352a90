"""Lists of records, and the form that makes a new one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from form_engine.definition import ViewDef
from form_engine.exports.service import AT_ONCE, MEDIA
from form_engine.records import purge
from web.context import services, transaction
from web.desk.bin import bin_page
from web.desk.import_page import import_page
from web.desk.list_page import list_export, list_page, one_row
from web.desk.record_form import new_form
from web.desk.work import work_page, work_view
from web.file_answer import download, made_here
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import admin, policy, signed_in
from web.speech import gettext

pages = Blueprint("lists", __name__)


@pages.get("/forms/<form>")
@policy(signed_in)
def show(form: str) -> str:
    """Records of a form that the person may see: searched, filtered by chips, sorted by a column, by pages."""
    with transaction() as session:
        view = work_view(session, me(), form, request.args)
        if view is not None:
            return _work(session, view)
        page = list_page(session, me(), form, request.args)
        nav = load_nav(session)
    return render_template("pages/list.html", nav=nav, page=page)


def _work(session: Session, view: ViewDef) -> str:
    """A page of work, or its cards alone when something changed."""
    page = work_page(session, me(), view)
    if request.args.get("part") == "cards":
        return render_template("parts/work_cards.html", page=page)
    return render_template("pages/work.html", nav=load_nav(session), page=page)


@pages.get("/forms/<form>/rows/<int:record_id>")
@policy(signed_in)
def row(form: str, record_id: int) -> str:
    """One line of the list, after its record was changed; the query is the list's."""
    with transaction() as session:
        page = one_row(session, me(), form, record_id, request.args)
    return render_template("parts/list_rows.html", page=page)


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


@pages.get("/forms/<form>/import")
@policy(signed_in)
def sheet(form: str) -> str:
    """Where a sheet is brought: uploaded here, then looked at and put right."""
    return _wizard(form, None)


@pages.get("/forms/<form>/import/<int:batch_id>")
@policy(signed_in)
def batch(form: str, batch_id: int) -> str:
    """An import on its way: its columns, its rows, what came of it."""
    return _wizard(form, batch_id)


def _wizard(form: str, batch_id: int | None) -> str:
    with transaction() as session:
        page = import_page(session, me(), form, batch_id)
        nav = load_nav(session)
    return render_template("pages/import.html", nav=nav, **page)


@pages.get("/forms/<form>/bin")
@policy(signed_in)
def bin_of(form: str) -> str:
    """The records of a form that were removed and can be taken out again."""
    with transaction() as session:
        page = bin_page(session, me(), form, request.args.get("after"))
        nav = load_nav(session)
    return render_template("pages/bin.html", nav=nav, page=page)


@pages.post("/forms/<form>/bin/<int:record_id>/restore")
@policy(signed_in)
def take_out(form: str, record_id: int) -> ResponseReturnValue:
    """Take a record out of the bin, with what went along with it."""
    with transaction() as session:
        services().records.restore(session, services().forms, record_id, actor_of(me()))
    flash(gettext("It is back."))
    return redirect(url_for("lists.bin_of", form=form), 303)


@pages.post("/forms/<form>/bin/<int:record_id>/purge")
@policy(admin)
def forget(form: str, record_id: int) -> ResponseReturnValue:
    """Forget a record in the bin for ever; the page has asked before."""
    with transaction() as session:
        actor = actor_of(me())
        purge.purge(services().records, session, services().forms, [record_id], actor, confirmed=True)
    flash(gettext("It is gone for ever."))
    return redirect(url_for("lists.bin_of", form=form), 303)
