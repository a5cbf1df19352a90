"""Who is asked, from outside of a task: absence, urging, what is stuck, accounts that close."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate

from web.api.answers import (
    AbsenceAnswer,
    AbsencesAnswer,
    HandedAnswer,
    HoldingAnswer,
    RunAnswer,
    StuckAnswer,
    UrgedAnswer,
)
from web.api.door import ApiBlueprint, Body, Flag
from web.api.once import once
from web.context import services, transaction
from web.desk.record_json import run_json
from web.desk.seating_json import absence_json, absences_json, handed_json, holding_json, may_see_for, stuck_json
from web.identity import actor_of, me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("seating", "seating", description="Who is asked: absence, urging, stuck runs, leaving")
ID = validate.Range(1, 2**63 - 1, error="unknown_person")


class Absent(Body):
    """Somebody is away from ``starts_at`` until ``ends_at``; ``proxy`` is asked instead, or ``as_well``.

    ``flows``: only in these. ``move``: open tasks go to the proxy too. ``person``: somebody else (administrators only).
    """

    proxy = fields.Integer(required=True, strict=True, validate=ID)
    starts_at = fields.AwareDateTime(required=True, format="iso")
    ends_at = fields.AwareDateTime(required=True, format="iso")
    flows = fields.List(
        fields.String(validate=validate.Length(max=63, error="too_long")),
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=100, error="too_long"),
    )
    as_well = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    move = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    note = fields.String(load_default="", validate=validate.Length(max=500, error="too_long"))
    person = fields.Integer(load_default=None, allow_none=True, strict=True, validate=ID)


class Whose(Body):
    """``everybody``: administrators see all absences."""

    everybody = Flag(load_default=False)


class After(Body):
    """The page after a run."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**63 - 1, error="invalid_cursor"))


class Given(Body):
    """To whom, and why."""

    people = fields.List(
        fields.Integer(strict=True, validate=ID), required=True, validate=validate.Length(1, 20, error="wrong_number")
    )
    comment = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=1000, error="too_long"))


class Taken(Body):
    """Why."""

    comment = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=1000, error="too_long"))


class Leaving(Body):
    """Who has the open tasks from now on; without, the person's manager."""

    successor = fields.Integer(allow_none=True, load_default=None, strict=True, validate=ID)


@blueprint.route("/absences")
class Absences(MethodView):
    """Absences that are not over."""

    @policy(signed_in, scope="tasks:read")
    @blueprint.arguments(Whose, location="query")
    @blueprint.alt_response(200, schema=AbsencesAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List one's own absences and those one stands in for; administrators: everybody's"""
        identity = me()
        with transaction() as session:
            everybody = args["everybody"] and "admin" in identity.roles
            return jsonify(items=absences_json(session, None if everybody else identity.person_id))

    @policy(signed_in, scope="tasks:decide")
    @blueprint.arguments(Absent)
    @blueprint.alt_response(201, schema=AbsenceAnswer)
    def post(self, body: dict[str, Any]) -> Response:
        """Declare an absence with a proxy"""
        identity = me()
        person = may_see_for(identity, body["person"])

        def declare(session: Any) -> tuple[int, dict[str, Any]]:
            made = services().flows.seating.declare(
                session,
                person,
                body["proxy"],
                body["starts_at"],
                body["ends_at"],
                actor_of(identity),
                flows=body["flows"],
                as_well=body["as_well"],
                note=body["note"],
                move=body["move"],
            )
            return 201, absence_json(session, made)

        return once(identity, request, declare)


@blueprint.route("/absences/<int:absence_id>")
class Absence(MethodView):
    """One absence."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(204)
    def delete(self, absence_id: int) -> Response:
        """Be back from now on"""
        identity = me()
        with transaction() as session:
            whose = None if "admin" in identity.roles else identity.person_id
            services().flows.seating.call_off(session, absence_id, actor_of(identity), whose)
        return Response(status=204)


@blueprint.route("/runs/<int:run_id>/urge")
class Urge(MethodView):
    """A reminder to those who are asked."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(200, schema=UrgedAnswer)
    def post(self, run_id: int) -> Response:
        """Urge those whose decision a run waits for; once an hour a task"""
        identity = me()

        def urge(session: Any) -> tuple[int, dict[str, Any]]:
            return 200, {"urged": services().flows.seating.urge(session, run_id, actor_of(identity))}

        return once(identity, request, urge)


@blueprint.route("/stuck")
class Stuck(MethodView):
    """What waits for an administrator."""

    @policy(admin, scope="admin")
    @blueprint.arguments(After, location="query")
    @blueprint.alt_response(200, schema=StuckAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List stuck visits, the oldest run first, with the reason and the moment"""
        with transaction() as session:
            return jsonify(stuck_json(session, me(), args["after"]))


@blueprint.route("/runs/<int:run_id>/visits/<int:visit>/take-over")
class TakeOver(MethodView):
    """An administrator decides instead."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Taken)
    @blueprint.alt_response(200, schema=RunAnswer)
    def post(self, body: dict[str, Any], run_id: int, visit: int) -> Response:
        """Take over a visit that is open or stuck"""
        return _step_in(run_id, visit, "take_over", [], body["comment"])


@blueprint.route("/runs/<int:run_id>/visits/<int:visit>/reassign")
class Reassign(MethodView):
    """An administrator has somebody else decide."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Given)
    @blueprint.alt_response(200, schema=RunAnswer)
    def post(self, body: dict[str, Any], run_id: int, visit: int) -> Response:
        """Give a visit that is open or stuck to somebody"""
        return _step_in(run_id, visit, "reassign", body["people"], body["comment"])


@blueprint.route("/people/<int:person_id>/holding")
class Holding(MethodView):
    """What somebody holds."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=HoldingAnswer)
    def get(self, person_id: int) -> Response:
        """Count the open tasks that would have to be handed over, and name who would have them"""
        with transaction() as session:
            return jsonify(holding_json(session, person_id))


@blueprint.route("/people/<int:person_id>/disable")
class Disable(MethodView):
    """Somebody leaves."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Leaving)
    @blueprint.alt_response(200, schema=HandedAnswer)
    def post(self, body: dict[str, Any], person_id: int) -> Response:
        """Shut an account and hand over its open tasks"""
        identity = me()

        def leave(session: Any) -> tuple[int, dict[str, Any]]:
            handed = services().flows.seating.leave(session, person_id, actor_of(identity), body["successor"])
            return 200, handed_json(session, handed)

        return once(identity, request, leave)


@blueprint.route("/people/<int:person_id>/enable")
class Enable(MethodView):
    """Somebody comes back."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(204)
    def post(self, person_id: int) -> Response:
        """Open an account again; what was handed over stays where it is"""
        with transaction() as session:
            services().flows.seating.come_back(session, person_id, actor_of(me()))
        return Response(status=204)


def _step_in(run_id: int, visit: int, act: str, people: list[int], comment: str | None) -> Response:
    identity = me()

    def step_in(session: Any) -> tuple[int, dict[str, Any]]:
        services().flows.seating.step_in(session, run_id, visit, actor_of(identity), act, people, comment)
        return 200, run_json(session, identity, run_id)

    return once(identity, request, step_in)
