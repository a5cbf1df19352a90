"""Tasks: what a person is asked for, and their decision."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.answers import DecidedAnswer, InboxAnswer, TaskAnswer
from web.api.conditions import idempotency_key
from web.api.door import ApiBlueprint, Body
from web.context import services, transaction
from web.desk.decisions import decide
from web.desk.task_json import inbox_json, task_json
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("tasks", "tasks", url_prefix="/tasks", description="Tasks and decisions")
TABS = ("todo", "done", "started", "cc")


class InboxArgs(Body):
    """A tab of the inbox, page by page."""

    tab = fields.String(load_default="todo", validate=validate.OneOf(TABS, error="unknown_choice"))
    after = fields.String(validate=validate.Length(max=2000, error="too_long"))


class Decision(Body):
    """What somebody decides. ``changes`` are the fields that the step lets them write.

    Besides the decisions that the step offers: ``transfer``, ``delegate``, ``add_before``, ``add_beside``,
    ``add_after`` and ``take_off`` with ``people`` (ids), ``advise`` for whoever was asked on somebody's behalf, and
    ``take_back`` on one's own finished task.
    """

    decision = fields.String(required=True, validate=validate.Length(max=40, error="too_long"))
    comment = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=4000, error="too_long"))
    reason = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=100, error="too_long"))
    to_step = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=100, error="too_long"))
    changes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), allow_none=True, load_default=None)
    people = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 2**63 - 1, error="unknown_person")),
        load_default=list,
        validate=validate.Length(max=50, error="too_long"),
    )


@blueprint.route("")
class Tasks(MethodView):
    """The caller's inbox."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.arguments(InboxArgs, location="query")
    @blueprint.alt_response(200, schema=InboxAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List tasks of a tab, most urgent first"""
        with transaction() as session:
            return jsonify(inbox_json(session, me(), args["tab"], args.get("after")))


@blueprint.route("/<int:task_id>")
class Task(MethodView):
    """One task of the caller."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.alt_response(200, schema=TaskAnswer)
    def get(self, task_id: int) -> Response:
        """Read a task with its record and what may be decided"""
        with transaction() as session:
            return jsonify(task_json(session, me(), task_id))


@blueprint.route("/<int:task_id>/decide")
class Decide(MethodView):
    """The decision on a task."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.arguments(Decision)
    @blueprint.alt_response(200, schema=DecidedAnswer)
    def post(self, body: dict[str, Any], task_id: int) -> Response:
        """Decide; of several at the same moment one wins, the others get 409 with who it was"""
        return jsonify(decide(services(), me(), task_id, body, idempotency_key()))


@blueprint.route("/<int:task_id>/read")
class Read(MethodView):
    """A copy that only wants to be read."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(204)
    def post(self, task_id: int) -> Response:
        """Mark a copy as read; doing it twice changes nothing"""
        with transaction() as session:
            services().flows.read_cc(session, task_id, me().person_id)
        return Response(status=204)
