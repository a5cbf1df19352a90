"""Who is asking: the person behind a session cookie or an API token, found once a request."""

from flask import current_app, g, request
from formloom.access import Identity

from form_engine.records.actor import Actor
from web.context import services

SESSION_COOKIE = "formloom_session"
_BEARER = "bearer "


def bearer_token() -> str | None:
    """The token of the ``Authorization`` header, if that is how the caller speaks."""
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else None


def session_token() -> str | None:
    """The session cookie's value; a request that brings an API token is never also a session's."""
    return request.cookies.get(SESSION_COOKIE)


def current_identity() -> Identity | None:
    """The caller, or ``None`` for nobody; a bad token is nobody, never the cookie's owner."""
    if "identity" not in g:
        token = bearer_token()
        if token is not None:
            g.identity = services().access.token_of(token)
        else:
            cookie = session_token()
            g.identity = services().access.session_of(cookie) if cookie else None
    identity: Identity | None = g.identity
    return identity


def me() -> Identity:
    """The caller, behind a policy that let only signed-in people through."""
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a view without a signed-in policy asked who is signed in")
    return identity


def is_api_request() -> bool:
    """Whether the caller reads JSON (a program, or the script of one of our pages)."""
    if request.path.startswith(("/api/", "/events", "/badges", "/hooks/")) or request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best != "text/html" and bool(request.accept_mimetypes)


def actor_of(identity: Identity) -> Actor:
    """The caller as the engines know them: what they do is done by this actor."""
    return Actor.person(identity.person_id, identity.roles, identity.name)


def cookies_are_secure() -> bool:
    """Whether cookies may only travel by HTTPS: yes as soon as the public address is one."""
    return str(current_app.config["PUBLIC_URL"]).startswith("https://")
