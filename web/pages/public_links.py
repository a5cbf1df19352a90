"""QR codes for people without an account: beside a record, as sheets of labels, and of a form itself (ADR 103)."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from web.context import transaction
from web.desk.public_links import MOST_LABELS, change, label_sheet, make_labels, open_link
from web.desk.world import World
from web.identity import me
from web.page_frame import load_nav
from web.phrases.marking import N_
from web.policies import policy, signed_in
from web.speech import gettext

pages = Blueprint("public_links", __name__)
SAID = {
    "make": N_("The link works now."),
    "renew": N_("There is a new code. The old one is dead: print the label anew."),
    "revoke": N_("The link is dead."),
}


@pages.post("/records/<int:record_id>/public-links/<form>")
@policy(signed_in)
def about(record_id: int, form: str) -> ResponseReturnValue:
    """Make, renew or end the link by which guests fill in a form about this record."""
    with transaction() as session:
        change(session, me(), form, record_id, request.form.get("act", ""))
    flash(gettext(SAID[request.form["act"]]))
    return redirect(f"/records/{record_id}", code=303)


@pages.get("/forms/<form>/public-link")
@policy(signed_in)
def show(form: str) -> str:
    """The link to a form about nothing in particular."""
    with transaction() as session:
        link = open_link(World.of(session, me()), me(), form)
        nav = load_nav(session)
    return render_template("pages/public_link.html", nav=nav, link=link)


@pages.post("/forms/<form>/public-link")
@policy(signed_in)
def turn(form: str) -> ResponseReturnValue:
    """Make, renew or end it."""
    with transaction() as session:
        change(session, me(), form, None, request.form.get("act", ""))
    flash(gettext(SAID[request.form["act"]]))
    return redirect(f"/forms/{form}/public-link", code=303)


@pages.post("/forms/<form>/labels")
@policy(signed_in)
def make(form: str) -> ResponseReturnValue:
    """Labels for these records (``ids``: numbers with commas); links that are missing are made."""
    ids = _ids(request.form.get("ids", ""))
    with transaction() as session:
        make_labels(session, me(), form, ids)
    return redirect(f"/forms/{form}/labels?ids={','.join(map(str, ids))}", code=303)


@pages.get("/forms/<form>/labels")
@policy(signed_in)
def labels(form: str) -> str:
    """A sheet of labels to print on A4."""
    with transaction() as session:
        sheet = label_sheet(session, me(), form, _ids(request.args.get("ids", "")))
        nav = load_nav(session)
    return render_template("pages/labels.html", nav=nav, sheet=sheet)


def _ids(text: str) -> list[int]:
    """Numbers of records; what is none is left out."""
    parts = text.split(",", MOST_LABELS)[:MOST_LABELS]
    found = (int(each) for each in parts if each.isascii() and each.isdigit() and len(each) < 19)
    return list(dict.fromkeys(found))
