"""The small figures of the frame, and what stands under the bell."""

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from web.context import transaction
from web.desk.frame import badges, mark_read, notifications
from web.identity import me
from web.local_url import local_path
from web.policies import policy, signed_in

pages = Blueprint("badges", __name__)


@pages.get("/badges")
@policy(signed_in)
def figures() -> Response:
    """``{"inbox": {"todo": 3, "cc": 1}, "notifications": 2}``."""
    with transaction() as session:
        return jsonify(badges(session, me()))


@pages.get("/notifications")
@policy(signed_in)
def latest() -> str:
    """The inside of the bell's menu."""
    with transaction() as session:
        found = notifications(session, me())
    return render_template("parts/notifications.html", notifications=found.items, now=found.now)


@pages.post("/notifications/read")
@policy(signed_in)
def read() -> AnyResponse:
    """Mark all of one's own as read."""
    with transaction() as session:
        mark_read(session, me())
    return redirect(local_path(request.form.get("next")), code=303)
