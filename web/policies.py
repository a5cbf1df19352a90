"""Who may knock at which route (ADR 040).

Each view says its policy in one line, ``@policy(...)``; :func:`enforce` refuses to start an application with a route
that has none, and applies the policy before the view runs. What a person may do with one record is decided further
in, by the permission predicate of the service; a policy is the coarse door before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from formloom.errors import Forbidden, NotFound, Unauthenticated

from web.identity import current_identity, is_api_request

CODES = ("log_in_first", "role_needed", "scope_needed")

SCOPES = frozenset(
    {
        "records:read",
        "records:write",
        "files:read",
        "files:write",
        "tasks:read",
        "tasks:decide",
        "definitions:write",
        "admin",
    }
)
"""What an API token may be good for."""

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class Audience(Enum):
    """The circles of people, from the widest to the smallest."""

    PUBLIC = "public"
    GUEST = "guest"
    """Carries its own proof in the URL (a guest link); the view resolves it and answers alike for all that fail."""
    SIGNED_IN = "signed_in"
    ADMIN = "admin"
    """Holders of the role ``admin``. To others the route does not exist."""
    DEMO = "demo"
    """Signed-in people, and only while the server runs as a demo."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An audience, and the scope that an API token needs (``None``: tokens are not accepted here)."""

    audience: Audience
    scope: str | None = None


public = Audience.PUBLIC
guest = Audience.GUEST
signed_in = Audience.SIGNED_IN
admin = Audience.ADMIN
demo = Audience.DEMO


def policy(audience: Audience, *, scope: str | None = None) -> Callable[[ViewT], ViewT]:
    """Declare who may call the view. ``scope`` such as ``records:write`` opens it to API tokens that carry it."""

    if scope is not None and scope not in SCOPES:
        raise ValueError(f"unknown scope {scope}")

    def declare(view: ViewT) -> ViewT:
        view.__policy__ = Policy(audience, scope)  # type: ignore[attr-defined]
        return view

    return declare


def policy_of(app: Flask, endpoint: str, method: str) -> Policy | None:
    """The policy of one route and method, looked up on the function or on the method of a class-based view."""
    view = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        name = "get" if method == "HEAD" and not hasattr(view_class, "head") else method.lower()
        view = getattr(view_class, name, view)
    declared = getattr(view, "__policy__", None)
    return declared if isinstance(declared, Policy) else None


def without_policy(app: Flask) -> list[str]:
    """Routes nobody declared, as ``GET /path``; an application must have none."""
    return [
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if policy_of(app, rule.endpoint, method) is None
    ]


def enforce(app: Flask) -> None:
    """Refuse to start with an undeclared route; check the policy of each request before its view."""
    undeclared = without_policy(app)
    if undeclared:
        raise RuntimeError(f"routes without @policy: {', '.join(undeclared)}")

    @app.before_request
    def check() -> ResponseReturnValue | None:
        if request.endpoint is None or request.method == "OPTIONS":
            return None
        declared = policy_of(app, request.endpoint, request.method)
        if declared is None:
            raise NotFound("route_not_found")
        return _check(app, declared)


def _check(app: Flask, declared: Policy) -> ResponseReturnValue | None:
    if declared.audience in (Audience.PUBLIC, Audience.GUEST):
        return None
    if declared.audience is Audience.DEMO and not app.config["DEMO"]:
        raise NotFound("route_not_found")
    identity = current_identity()
    if identity is None:
        if is_api_request() or request.method != "GET":
            raise Unauthenticated("log_in_first")
        return redirect(url_for("login.form", next=request.full_path.rstrip("?")))
    if identity.scopes is not None and (declared.scope is None or declared.scope not in identity.scopes):
        raise Forbidden("scope_needed", {"scope": declared.scope or ""})
    if declared.audience is Audience.ADMIN and "admin" not in identity.roles:
        raise NotFound("route_not_found")
    return None
