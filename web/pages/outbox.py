"""The development outbox: in the demo no message leaves the house, so its reader finds them here."""

from flask import Blueprint, render_template

from web.context import transaction
from web.desk.sent import sent_messages
from web.identity import me
from web.page_frame import load_nav
from web.policies import demo, policy

pages = Blueprint("outbox", __name__)


@pages.get("/dev/outbox")
@policy(demo)
def show() -> str:
    """Mails and text messages, the latest first, with their links."""
    with transaction() as session:
        messages = sent_messages(session, me())
        nav = load_nav(session)
    return render_template("pages/outbox.html", nav=nav, messages=messages)
