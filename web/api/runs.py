"""Runs: a flow at work on a record."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView

from web.api.answers import EventAnswer, ReplayAnswer, TimedRunAnswer
from web.api.door import ApiBlueprint
from web.api.once import once
from web.context import services, transaction
from web.desk.events import reported
from web.desk.record_json import run_json
from web.identity import actor_of, me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("runs", "runs", url_prefix="/runs", description="Flows at work")


@blueprint.route("/<int:run_id>")
class Run(MethodView):
    """One run, for those who may see its record."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=TimedRunAnswer)
    def get(self, run_id: int) -> Response:
        """Read a run: status, steps, decisions"""
        with transaction() as session:
            return jsonify(run_json(session, me(), run_id))


@blueprint.route("/<int:run_id>/withdraw")
class Withdraw(MethodView):
    """The initiator calls their own request back."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(200, schema=TimedRunAnswer)
    def post(self, run_id: int) -> Response:
        """Call one's own run back, where its flow lets one"""
        identity = me()

        def withdraw(session: Any) -> tuple[int, dict[str, Any]]:
            services().flows.withdraw(session, run_id, actor_of(identity))
            return 200, run_json(session, identity, run_id)

        return once(identity, request, withdraw)


@blueprint.route("/<int:run_id>/events/<string(maxlength=63):event>")
class Event(MethodView):
    """Something has happened outside for which a run may wait (step ``wait`` with ``event``)."""

    @policy(signed_in, scope="tasks:decide")
    @blueprint.alt_response(200, schema=EventAnswer)
    def post(self, run_id: int, event: str) -> Response:
        """Report an event; steps that wait for it go on, and where none waits nothing happens

        Those may whom the step names; where it names nobody, whoever may change the record; administrators always.
        """
        identity = me()
        return once(identity, request, lambda session: (200, reported(session, identity, run_id, event)))


@blueprint.route("/<int:run_id>/replay")
class Replay(MethodView):
    """The proof that a run's journal gives its state."""

    @policy(admin, scope="admin")
    @blueprint.alt_response(200, schema=ReplayAnswer)
    def get(self, run_id: int) -> Response:
        """Replay a run's journal and compare"""
        with transaction() as session:
            replay = services().flows.replay(session, run_id)
        return jsonify(ok=replay.ok, differences=[str(one) for one in replay.differences])
