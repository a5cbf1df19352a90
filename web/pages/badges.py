"""The small figures of the frame, and what stands under the bell."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from web.api.door import Body, read_body
from web.context import services, transaction
from web.desk.frame import acknowledged_task, badges, mark_read, notifications, opened
from web.identity import actor_of, me
from web.local_url import local_path
from web.policies import policy, signed_in
from web.speech import gettext

pages = Blueprint("badges", __name__)


class Seen(Body):
    """Which page is looked at."""

    link = fields.String(required=True, validate=validate.Length(max=500))


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


@pages.post("/notifications/<int:note_id>/acknowledge")
@policy(signed_in)
def acknowledge(note_id: int) -> AnyResponse:
    """Acknowledge what a line under the bell tells, without opening it."""
    identity = me()
    with transaction() as session:
        task = acknowledged_task(session, identity, note_id)
    key = f"bell-{note_id}-acknowledged"
    services().flows.decide(identity.workspace_id, task, actor_of(identity), "acknowledge", idempotency_key=key)
    with transaction() as session:
        opened(session, identity, f"/inbox?task={task}")
    flash(gettext("Acknowledged."))
    return redirect(local_path(request.form.get("next")), code=303)


@pages.post("/notifications/seen")
@policy(signed_in)
def seen() -> tuple[str, int]:
    """One's own lines that lead to ``link`` are read: its page is looked at."""
    body = read_body(Seen(), request)
    with transaction() as session:
        opened(session, me(), body["link"])
    return "", 204


@pages.post("/notifications/read")
@policy(signed_in)
def read() -> AnyResponse:
    """Mark all of one's own as read."""
    with transaction() as session:
        mark_read(session, me())
    return redirect(local_path(request.form.get("next")), code=303)
