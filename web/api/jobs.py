"""Jobs: long work that somebody started, how far it is, and its end."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from flask.views import MethodView
from formloom import jobs
from marshmallow import fields, validate

from web.api.door import ApiBlueprint, Body, Count, Flag
from web.context import transaction
from web.desk.jobs import job_json, owner
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("jobs", "jobs", url_prefix="/jobs", description="Long work with progress")
STATES = ("queued", "running", "done", "failed", "cancelled")


class JobsArgs(Body):
    """``before``: ids below this one, for the next page; ``open``: only those that are not finished."""

    before = Count()
    limit = Count(load_default=50, validate=validate.Range(1, 200, error="bad_limit"))
    open = Flag(load_default=False)


class JobErrorAnswer(ma.Schema):
    """Why a job failed, in words and as a code."""

    code = fields.String()
    detail = fields.String()
    params = fields.Dict()
    issues = fields.List(fields.Dict())


class JobAnswer(ma.Schema):
    """``percent`` is null where nobody knows how much there is to do; ``link`` leads to the result."""

    id = fields.Integer()
    kind = fields.String()
    name = fields.String()
    title = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    done = fields.Integer()
    total = fields.Integer(allow_none=True)
    percent = fields.Integer(allow_none=True)
    cancel_asked = fields.Boolean()
    result = fields.Raw(allow_none=True)
    link = fields.String(allow_none=True)
    error = fields.Nested(JobErrorAnswer, allow_none=True)
    created_by = fields.String()
    created_at = fields.DateTime()
    started_at = fields.DateTime(allow_none=True)
    finished_at = fields.DateTime(allow_none=True)


class JobsAnswer(ma.Schema):
    """A page of jobs, the latest first; ``next`` is what ``before`` takes."""

    items = fields.List(fields.Nested(JobAnswer))
    next = fields.Integer(allow_none=True)


@blueprint.route("")
class Jobs(MethodView):
    """The caller's jobs; an admin's list has everybody's."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(JobsArgs, location="query")
    @blueprint.alt_response(200, schema=JobsAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List jobs, the latest first"""
        asked = {"before": args.get("before"), "limit": args["limit"], "unfinished": args["open"]}
        with transaction() as session:
            found = jobs.listing(session, owner(me()), **asked)
            items = [job_json(session, job) for job in found]
        return jsonify(items=items, next=found[-1].id if len(found) == args["limit"] else None)


@blueprint.route("/<int:job_id>")
class OneJob(MethodView):
    """One job."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=JobAnswer)
    def get(self, job_id: int) -> Response:
        """Read a job: how far it is, and what came of it"""
        with transaction() as session:
            return jsonify(job_json(session, jobs.find(session, job_id, owner(me()))))


@blueprint.route("/<int:job_id>/cancel")
class Cancel(MethodView):
    """The end of a job."""

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(200, schema=JobAnswer)
    def post(self, job_id: int) -> Response:
        """Ask a job to end; what its finished batches did stays, and a finished job stays as it is"""
        with transaction() as session:
            return jsonify(job_json(session, jobs.cancel(session, job_id, owner(me()))))
