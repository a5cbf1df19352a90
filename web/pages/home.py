"""The first page: how much waits, what comes first, and what one may begin."""

from flask import Blueprint, render_template, request

from web.context import transaction
from web.desk.home import home_page
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in
from web.speech import gettext

pages = Blueprint("home", __name__)


@pages.get("/")
@policy(signed_in)
def show() -> str:
    """The home page, or (``part=body``) the part of it that follows the inbox."""
    with transaction() as session:
        page = home_page(session, me())
        if request.args.get("part") == "body":
            return render_template("parts/home_body.html", page=page, now=page.now)
        nav = load_nav(session)
    return render_template("pages/home.html", nav=nav, page=page, now=page.now)


@pages.get("/menu")
@policy(signed_in)
def menu() -> str:
    """The lists one may open: the phone's third tab."""
    with transaction() as session:
        nav = load_nav(session)
    return render_template("pages/menu.html", nav=nav, title=gettext("Records"))
