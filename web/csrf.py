"""Requests that change something must come from our own pages.

A cookie travels with every request to us, whoever made the browser send it; so a change asked for by cookie (or by
nobody, as on the log-in form) carries a token as well. A request with a Bearer token carries no cookie's authority
and needs none; nor does a webhook, which brings its signature.
"""

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf  # type: ignore[import-untyped]

from web.identity import bearer_token
from web.problems import problem

from formloom.errors import Forbidden  # isort: skip

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNED = "hooks"
"""The routes to which programs come with a signature and no cookie counts."""
_protection = CSRFProtect()


def protect(app: Flask) -> None:
    """Check the token (header ``X-CSRF-Token`` or field ``csrf_token``) of unsafe requests without a Bearer token."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open overnight; the session's own expiry limits it
        WTF_CSRF_SSL_STRICT=False,  # behind a proxy the Referer's host is the public one; SameSite and the token decide
    )
    _protection.init_app(app)
    app.jinja_env.globals["csrf_token"] = generate_csrf

    @app.before_request
    def check() -> None:
        if request.method not in SAFE and bearer_token() is None and request.blueprint != SIGNED:
            _protection.protect()

    @app.errorhandler(CSRFError)
    def refused(_: CSRFError):  # type: ignore[no-untyped-def]
        return problem(Forbidden("csrf_failed"))
