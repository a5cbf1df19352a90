"""The development outbox: in the demo no message leaves the house, so its reader finds them here."""

from flask import Blueprint, render_template, request

from web.context import transaction
from web.desk.sent import sent_messages
from web.identity import me
from web.page_frame import load_nav
from web.policies import demo, policy
from web.whole_number import whole_number

pages = Blueprint("outbox", __name__)
A_PAGE = 50


@pages.get("/dev/outbox")
@policy(demo)
def show() -> str:
    """Mails and text messages, the latest first, with their links."""
    with transaction() as session:
        messages = sent_messages(session, me(), whole_number(request.args.get("before", "")), A_PAGE)
        nav = load_nav(session)
    following = messages[-1].id if len(messages) == A_PAGE else None
    return render_template("pages/outbox.html", nav=nav, messages=messages, following=following)
