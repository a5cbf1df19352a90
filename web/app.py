"""The application factory: one Flask app from settings and composed services."""

import secrets
from datetime import timedelta

import structlog
from flask import Flask, g, request
from formloom.settings import Settings
from werkzeug.middleware.proxy_fix import ProxyFix

from web import addresses, assets, body_limits, context, csrf, headers, islands, locales, page_frame, policies, problems
from web.api import register_api
from web.composition import Services, compose
from web.pages import register_pages


def build(settings: Settings, services: Services | None = None) -> Flask:
    """Register everything in the order in which a request meets it; refuses a route without a policy."""
    app = Flask("web", static_folder="static", template_folder="templates")
    https = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        DEMO=settings.demo,
        PUBLIC_URL=settings.public_url,
        MAX_CONTENT_LENGTH=body_limits.DEFAULT,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_UPLOAD_BYTES=settings.max_upload_bytes,
        SESSION_COOKIE_NAME="formloom_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    context.attach(app, services or compose(settings))
    _name_requests(app)
    addresses.guard(app)
    problems.handle_errors(app)
    headers.secure(app, https=https)
    locales.init_locales(app)
    assets.init_assets(app)
    app.jinja_env.globals["island"] = islands.island
    page_frame.init_frame(app)
    register_pages(app)
    register_api(app)
    body_limits.limit(app)
    policies.enforce(app)
    csrf.protect(app)
    return app


def _name_requests(app: Flask) -> None:
    """Give each request a short id that stands in its log lines and in its problem details."""

    @app.before_request
    def name_request() -> None:
        g.request_id = secrets.token_hex(6)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id, method=request.method, route=request.endpoint)
