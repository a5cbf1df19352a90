"""The delivery ledger: everybody's for administrators, and one's own."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import audit, messages
from formloom.errors import Conflict
from sqlalchemy.orm import Session

from web.context import transaction
from web.desk.messages import CHANNEL, STATUS, Delivery, deliveries
from web.identity import actor_of, me
from web.local_url import local_path
from web.page_frame import load_nav
from web.policies import admin, policy, signed_in
from web.speech import gettext
from web.whole_number import whole_number
from web.words import sentence

pages = Blueprint("ledger", __name__)
A_PAGE = 50


@pages.get("/admin/messages")
@policy(admin)
def ledger() -> str:
    """Filters stand in the address; the page after goes on below an id."""
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in ("status", "channel", "kind", "q")}
    run, before = whole_number(request.args.get("run", "")), whole_number(request.args.get("before", ""))
    with transaction() as session:
        items, following = _page(session, messages.Wanted(run=run, **asked), before)
        figures = messages.figures(session)
        nav = load_nav(session)
    statuses = [(key, gettext(word), figures.get(key, 0)) for key, word in STATUS.items()]
    channels = [(key, gettext(word)) for key, word in CHANNEL.items()]
    shown = {"items": items, "following": following, "asked": {**asked, "run": run}}
    return render_template("pages/messages.html", nav=nav, statuses=statuses, channels=channels, **shown)


@pages.post("/admin/messages/<int:message_id>/resend")
@policy(admin)
def resend(message_id: int) -> ResponseReturnValue:
    """Another try, with the id of the first."""
    try:
        with transaction() as session:
            messages.resend(session, message_id)
            audit.append(session, actor_of(me()).ref, "message.resent", f"message:{message_id}", {})
        flash(gettext("It is on its way again."))
    except Conflict as error:
        flash(sentence(error.code, error.params))
    return redirect(local_path(request.form.get("next"), url_for("ledger.ledger")), code=303)


@pages.get("/messages")
@policy(signed_in)
def own() -> str:
    """What was sent to me, by whatever channel."""
    before = whole_number(request.args.get("before", ""))
    with transaction() as session:
        items, following = _page(session, messages.Wanted(person=me().person_id), before)
        nav = load_nav(session)
    return render_template("pages/own_messages.html", nav=nav, items=items, following=following)


def _page(session: Session, wanted: messages.Wanted, before: int | None) -> tuple[tuple[Delivery, ...], int | None]:
    rows = messages.listing(session, wanted, before=before, limit=A_PAGE)
    return deliveries(rows), rows[-1].id if len(rows) == A_PAGE else None
