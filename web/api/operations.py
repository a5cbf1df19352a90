"""Runs for those who administer them: looked for, explained, mended, moved, ended; and their figures."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate

from flow_engine.machine.events import OPERATIONS
from flow_engine.service.runs import LARGEST_PAGE, SORTS, STATUSES
from web.api.door import ApiBlueprint, Body, Count
from web.api.once import once
from web.api.run_answers import (
    DeadLetterLine,
    DeadLettersAnswer,
    FlowFiguresAnswer,
    HealthAnswer,
    NotedAnswer,
    ReportsAnswer,
    RetiredAnswer,
    RunsAnswer,
    StoryAnswer,
)
from web.context import services, transaction
from web.desk.dead_letters import dead_letters_json, send_again
from web.desk.runs import (
    PERIODS,
    figures_json,
    health_json,
    query_of,
    reports_json,
    runs_json,
    story_json,
)
from web.identity import actor_of, me
from web.policies import admin, policy

blueprint = ApiBlueprint("operations", "operations", url_prefix="/runs", description="Runs for administrators")
_KEY = validate.Length(max=100, error="too_long")
_ID = validate.Range(1, 2**63 - 1, error="invalid_value")


class RunsArgs(Body):
    """What to look for. ``status`` is one, or ``open`` or ``ended``; ``q`` are words of the record (as far as the
    caller may read them) or of the initiator's name; ``from`` and ``to`` are days of the start.
    """

    flow = fields.String(validate=_KEY)
    status = fields.String(validate=validate.OneOf(STATUSES, error="unknown_choice"))
    q = fields.String(validate=validate.Length(max=100, error="too_long"))
    step = fields.String(validate=_KEY)
    initiator = Count(validate=_ID)
    record = Count(validate=_ID)
    since = fields.Date(data_key="from")
    until = fields.Date(data_key="to")
    incident = fields.Boolean()
    overdue = fields.Boolean()
    colour = fields.String(validate=_KEY)
    breached = fields.Boolean()
    sort = fields.String(load_default="newest", validate=validate.OneOf(SORTS, error="unknown_choice"))
    cursor = fields.String(validate=validate.Length(max=2000, error="too_long"))
    limit = Count(load_default=30, validate=validate.Range(1, LARGEST_PAGE, error="out_of_range"))


class Operation(Body):
    """What to do: ``retry`` or ``skip`` what is stuck in ``visit``, ``jump`` to ``step``, or ``cancel`` the run. All
    but a retry say why.
    """

    act = fields.String(required=True, validate=validate.OneOf(OPERATIONS, error="unknown_choice"))
    reason = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=1000, error="too_long"))
    visit = fields.Integer(strict=True, allow_none=True, load_default=None, validate=_ID)
    step = fields.String(allow_none=True, load_default=None, validate=_KEY)


class FiguresArgs(Body):
    """The period, in days back from now."""

    days = Count(load_default=30, validate=validate.OneOf(PERIODS, error="unknown_choice"))


class ReportsArgs(Body):
    """``seen``: also those that somebody has taken note of."""

    seen = fields.Boolean(load_default=False)


class Retired(Body):
    """Whether the flow shall start nothing any more."""

    retired = fields.Boolean(required=True)


@blueprint.route("")
class Runs(MethodView):
    """All runs of the workspace."""

    @policy(admin, scope="admin")
    @blueprint.arguments(RunsArgs, location="query")
    @blueprint.alt_response(200, schema=RunsAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """Look for runs"""
        asked = {**args, "from": args.get("since"), "to": args.get("until")}
        with transaction() as session:
            return jsonify(runs_json(session, me(), query_of(session, asked)))


@blueprint.route("/<int:run_id>/story")
class Story(MethodView):
    """One run, explained."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=StoryAnswer)
    def get(self, run_id: int) -> Response:
        """Read the way of a run: who did what, why each condition held, what is stuck"""
        with transaction() as session:
            return jsonify(story_json(session, me(), run_id))


@blueprint.route("/<int:run_id>/operate")
class Operate(MethodView):
    """What an administrator does to a run."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Operation)
    @blueprint.alt_response(200, schema=StoryAnswer)
    def post(self, args: dict[str, Any], run_id: int) -> Response:
        """Retry, skip, jump or cancel (audited)"""
        identity = me()

        def operate(session: Any) -> tuple[int, dict[str, Any]]:
            told = {name: args[name] for name in ("reason", "visit", "step")}
            services().flows.operate(session, run_id, actor_of(identity), args["act"], **told)
            return 200, story_json(session, identity, run_id)

        return once(identity, request, operate)


@blueprint.route("/health")
class Health(MethodView):
    """The counts that an operator watches."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=HealthAnswer)
    def get(self) -> Response:
        """Count what is stuck, failed, dead or late"""
        with transaction() as session:
            return jsonify(health_json(session))


@blueprint.route("/flows/<string:key>/figures")
class Figures(MethodView):
    """What the steps of a flow cost."""

    @policy(admin, scope="admin")
    @blueprint.arguments(FiguresArgs, location="query")
    @blueprint.alt_response(200, schema=FlowFiguresAnswer)
    def get(self, args: dict[str, Any], key: str) -> Response:
        """Read counts, median and p90 time, and returns of each step"""
        with transaction() as session:
            return jsonify(figures_json(session, me(), key, args["days"]))


@blueprint.route("/flows/<string:key>/retired")
class RetiredFlow(MethodView):
    """A flow that starts nothing any more; its open runs go on."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Retired)
    @blueprint.alt_response(200, schema=RetiredAnswer)
    def put(self, args: dict[str, Any], key: str) -> Response:
        """Retire a flow, or let it start again"""
        with transaction() as session:
            services().flows.definitions.retire(session, key, actor_of(me()), retired=args["retired"])
        return jsonify(flow=key, retired=args["retired"])


@blueprint.route("/dead-letters")
class DeadLetters(MethodView):
    """Work of the background that was given up."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=DeadLettersAnswer)
    def get(self) -> Response:
        """List dead letters, the latest first"""
        with transaction() as session:
            return jsonify(items=dead_letters_json(session))


@blueprint.route("/dead-letters/<int:letter_id>/resend")
class SendAgain(MethodView):
    """Another try."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=DeadLetterLine)
    def post(self, letter_id: int) -> Response:
        """Send a dead letter again, as if for the first time (audited); the answer tells it as it was"""
        identity = me()
        return once(identity, request, lambda session: (200, send_again(session, letter_id, actor_of(identity))))


@blueprint.route("/reports")
class Reports(MethodView):
    """What automations could not do with nobody there to see it."""

    @policy(admin, scope="admin")
    @blueprint.arguments(ReportsArgs, location="query")
    @blueprint.alt_response(200, schema=ReportsAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List reports, the latest first"""
        with transaction() as session:
            return jsonify(items=reports_json(session, seen=args["seen"]))


@blueprint.route("/reports/<int:report_id>/note")
class Note(MethodView):
    """Somebody has read a report."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=NotedAnswer)
    def post(self, report_id: int) -> Response:
        """Take note of a report"""
        identity = me()

        def note(session: Any) -> tuple[int, dict[str, Any]]:
            services().flows.take_note(session, report_id, actor_of(identity))
            return 200, {"id": report_id}

        return once(identity, request, note)
