"""Administration of connections: bots of chats, receivers of webhooks, and the keys of webhooks that come in."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import connections as kinds
from formloom import hooks
from formloom.errors import Conflict, InvalidInput
from sqlalchemy.orm import Session

from web.context import services, transaction
from web.desk.connections import KIND, connection_lines, hooked_flow, hooks_json, roles_to_choose, try_out
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import admin, policy
from web.speech import gettext
from web.words import sentence

pages = Blueprint("connections_page", __name__, url_prefix="/admin")


@pages.get("/connections")
@policy(admin)
def show() -> str:
    """All of them, and a form for one more."""
    with transaction() as session:
        return _page(session)


@pages.post("/connections")
@policy(admin)
def add() -> ResponseReturnValue:
    """One more; the key of a receiver of webhooks is shown on the page that answers, and never again."""
    named = ("key", "kind", "title", "url", "secret")
    asked: dict[str, Any] = {name: request.form.get(name, "").strip() for name in named}
    try:
        with transaction() as session:
            role = request.form.get("role") or None
            _, signing = services().connections.add(session, actor_of(me()).ref, role=role, **asked)
            if signing is not None:
                return _page(session, secret=signing, of=asked["title"] or asked["key"])
    except (InvalidInput, Conflict) as error:
        wrong = [sentence(issue.code, issue.params) for issue in error.issues] or [sentence(error.code, error.params)]
        with transaction() as session:
            return _page(session, wrong=wrong, asked={**asked, "url": "", "secret": ""}), 422
    flash(gettext("The connection is there. Send a test by it."))
    return redirect(url_for("connections_page.show"), code=303)


@pages.post("/connections/<connection>/<any(test, rotate, remove):act>")
@policy(admin)
def change(connection: str, act: str) -> ResponseReturnValue:
    """Test it, change its key, or remove it."""
    with transaction() as session:
        if act == "rotate":
            signing = services().connections.rotate(session, actor_of(me()).ref, connection)
            return _page(session, secret=signing, of=services().connections.find(session, connection).title)
        if act == "remove":
            services().connections.remove(session, actor_of(me()).ref, connection)
            flash(gettext("The connection is gone."))
            return redirect(url_for("connections_page.show"), code=303)
        try_out(session, connection)
    flash(gettext("A test is on its way. Here you see what becomes of it."))
    return redirect(url_for("ledger.ledger", kind="test"), code=303)


@pages.post("/hooks/<flow>/<any(key, revoke):what>")
@policy(admin)
def hook(flow: str, what: str) -> ResponseReturnValue:
    """A new key for webhooks to a flow, shown once; or none any more."""
    with transaction() as session:
        hooked_flow(session, flow)
        if what == "key":
            return _page(session, secret=hooks.rotate(session, services().settings, flow, actor_of(me()).ref), of=flow)
        hooks.revoke(session, flow, actor_of(me()).ref)
    flash(gettext("No key opens this flow any more."))
    return redirect(url_for("connections_page.show"), code=303)


def _page(session: Session, **more: object) -> str:
    told = {"secret": "", "of": "", "wrong": (), "asked": {}, **more}
    return render_template(
        "pages/connections.html",
        nav=load_nav(session),
        connections=connection_lines(session),
        hooks=hooks_json(session),
        kinds=[(kind, gettext(KIND[kind])) for kind in kinds.KINDS],
        roles=roles_to_choose(session),
        **told,
    )
