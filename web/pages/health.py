"""For the operator's balancer: is the process alive, and is it able to work?"""

from flask import Blueprint, Flask, Response, jsonify

from web.context import services
from web.policies import policy, public

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@policy(public)
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
@policy(public)
def able() -> tuple[Response, int]:
    """The database answers and is of this version; 503 while not. Tells a stranger nothing else."""
    good = services().health.readiness().ready
    return jsonify(status="ok" if good else "unavailable"), 200 if good else 503


def open_static(app: Flask) -> None:
    """Static files hold nothing but what the build made."""
    policy(public)(app.view_functions["static"])
