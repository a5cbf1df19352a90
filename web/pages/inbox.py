"""The inbox: four tabs, the list left, the task right; on a phone one after the other."""

from flask import Blueprint, render_template, request

from web.context import transaction
from web.desk.frame import unseen
from web.desk.inbox import inbox_list, inbox_page
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in

pages = Blueprint("inbox", __name__)


@pages.get("/inbox")
@policy(signed_in)
def show() -> str:
    """A tab of the inbox, with the chosen task beside it."""
    with transaction() as session:
        page = inbox_page(session, me(), request.args)
        task = request.args.get("task", "")
        seen = unseen(session, me(), f"/inbox?task={task}") if task else ""
        nav = load_nav(session)
    return render_template("pages/inbox.html", nav=nav, seen=seen, **page)


@pages.get("/inbox/list")
@policy(signed_in)
def fragment() -> str:
    """The list alone, asked for again when something changed."""
    with transaction() as session:
        page = inbox_list(session, me(), request.args)
    return render_template("parts/inbox_list.html", **page)
