"""Webhooks that come in (ADR 089): signed, fresh, each taken in once. docs/webhooks.md shows how to send one."""

from flask import Blueprint, Response, jsonify, request
from formloom import hooks
from formloom.errors import Unauthenticated
from formloom.workspaces import find_workspace

from web import strict_json
from web.context import services, transaction
from web.csrf import SIGNED
from web.policies import policy, public

CODES = ("signature_wrong",)
pages = Blueprint(SIGNED, __name__, url_prefix="/hooks")


@pages.post("/<workspace>/<flow>")
@policy(public)
def receive(workspace: str, flow: str) -> tuple[Response, int]:
    """Take it in. Whatever is wrong with the signature, and whether there is such a flow at all, looks alike."""
    throttle, address = services().access.throttle, request.remote_addr or ""
    body, headers = request.get_data(cache=True), {name.lower(): value for name, value in request.headers.items()}
    workspace_id = find_workspace(services().databases, workspace[:100])
    delivery_id = None
    if workspace_id is not None:
        with transaction(workspace_id) as session:
            delivery_id = hooks.check(session, services().settings, flow[:100], headers, body)
    if workspace_id is None or delivery_id is None:
        throttle.count("hook_miss", address)
        raise Unauthenticated("signature_wrong")
    throttle.count("hook", workspace, flow)
    payload = strict_json.loads(body, decimals_as_text=True)
    with transaction(workspace_id) as session:
        fresh = hooks.take(session, flow, delivery_id)
        if fresh:
            services().flows.hooked(session, flow, delivery_id, payload)
    return jsonify(received=delivery_id, repeated=not fresh), 200
