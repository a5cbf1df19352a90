"""Runs: a flow at work on a record."""

from flask import Response, jsonify
from flask.views import MethodView

from web.api.door import ApiBlueprint
from web.context import services, transaction
from web.desk.record_json import run_json
from web.identity import me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("runs", "runs", url_prefix="/runs", description="Flows at work")


@blueprint.route("/<int:run_id>")
class Run(MethodView):
    """One run, for those who may see its record."""

    @policy(signed_in, scope="records:read")
    def get(self, run_id: int) -> Response:
        """Read a run: status, steps, decisions"""
        with transaction() as session:
            return jsonify(run_json(session, me(), run_id))


@blueprint.route("/<int:run_id>/replay")
class Replay(MethodView):
    """The proof that a run's journal gives its state."""

    @policy(admin, scope="admin")
    def get(self, run_id: int) -> Response:
        """Replay a run's journal and compare"""
        with transaction() as session:
            replay = services().flows.replay(session, run_id)
        return jsonify(ok=replay.ok, differences=[str(one) for one in replay.differences])
