"""Getting in, getting out, and setting a new password."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request, session
from formloom.errors import FormloomError, Throttled, Unauthenticated
from formloom.i18n import localized
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from web.context import services
from web.identity import SESSION_COOKIE, cookies_are_secure, current_identity, me
from web.local_url import local_path
from web.locales import current_locale
from web.policies import policy, public, signed_in
from web.speech import gettext
from web.words import sentence

pages = Blueprint("login", __name__)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One of the demo's people, offered on the log-in page."""

    login: str
    name: str
    role: str


@pages.get("/login")
@policy(public)
def form() -> str | Response:
    """The log-in page; who is logged in already goes on."""
    target = local_path(request.args.get("next"))
    if current_identity() is not None:
        return redirect(target)
    told = gettext("Your new password is set. You can log in with it now.") if "changed" in request.args else None
    return _page(target, told=told)


@pages.post("/login")
@policy(public)
def enter() -> tuple[str, int] | Response:
    """Log in. A wrong password and an unknown account get the same answer after the same time."""
    target, login = local_path(request.form.get("next")), request.form.get("login", "")[:200]
    try:
        entered = services().access.log_in(login, request.form.get("password", "")[:1000], _address())
    except (Unauthenticated, Throttled) as error:
        status = 429 if isinstance(error, Throttled) else 401
        return _page(target, login=login, error=sentence(error.code, error.params)), status
    session.clear()  # the form's token belonged to nobody; the person gets a fresh one
    response = redirect(target, code=303)
    response.set_cookie(
        SESSION_COOKIE,
        entered.token,
        expires=entered.expires_at,
        httponly=True,
        samesite="Lax",
        secure=cookies_are_secure(),
    )
    return response


@pages.post("/logout")
@policy(signed_in)
def leave() -> Response:
    """End the session on the server, not only in the browser."""
    services().access.log_out(me())
    session.clear()
    response = redirect("/login", code=303)
    response.delete_cookie(SESSION_COOKIE, samesite="Lax", secure=cookies_are_secure(), httponly=True)
    return response


@pages.route("/forgot", methods=["GET", "POST"])
@policy(public)
def forgot() -> str:
    """Ask for a reset link; the answer does not tell whether there is such an account."""
    if request.method == "POST":
        services().access.ask_reset(request.form.get("login", "")[:200], _address())
    return render_template("pages/forgot.html", sent=request.method == "POST")


@pages.route("/reset/<token>", methods=["GET", "POST"])
@policy(public)
def reset(token: str) -> str | tuple[str, int] | Response:
    """Set a new password with the link from the mail."""
    if request.method == "GET":
        return render_template("pages/reset.html")
    try:
        services().access.reset(token, request.form.get("password", "")[:1000])
    except FormloomError as error:
        told = " ".join(sentence(one.code, one.params) for one in error.issues) or sentence(error.code, error.params)
        return render_template("pages/reset.html", error=told), 422
    return redirect("/login?changed=1", code=303)


def _page(target: str, *, login: str = "", error: str | None = None, told: str | None = None) -> str:
    people, password = _demo() if services().settings.demo else ((), "")
    return render_template(
        "pages/login.html",
        next=target,
        login=login,
        error=error,
        told=told,
        demo_people=people,
        demo_password=password,
    )


def _demo() -> tuple[tuple[DemoLogin, ...], str]:
    from apps.demo import DEMO_PASSWORD, demo_people

    locale = current_locale()
    return tuple(DemoLogin(one.login, one.name, localized(one.title, locale)) for one in demo_people()), DEMO_PASSWORD


def _address() -> str:
    return request.remote_addr or ""
