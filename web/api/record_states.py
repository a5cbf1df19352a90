"""One record's past and other states: its history and going back, copies, the bin, what a removal would take along."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from form_engine.records import copying, earlier, purge, removal
from web.api.door import ApiBlueprint, Body, Count
from web.api.forms import RecordAnswer
from web.api.once import once
from web.context import services, transaction
from web.desk.bin import bin_json, drafts_json
from web.desk.record_json import history_json, record_json
from web.desk.removal_json import outlook_json, removed_json
from web.identity import actor_of, me
from web.policies import admin, policy, signed_in

blueprint = ApiBlueprint("record-states", "record_states", description="History, copies, drafts and the bin")


class AsideArgs(Body):
    """A page: ``after`` is the cursor of the page before."""

    after = fields.String(validate=validate.Length(max=60, error="too_long"))
    limit = Count(load_default=50, validate=validate.Range(1, 200, error="bad_limit"))


class DraftArgs(AsideArgs):
    """Of one form, or of all."""

    form = fields.String(validate=validate.Length(max=63, error="too_long"))


class Copy(Body):
    """What is different in the copy. ``draft``: it waits to be completed, without a number."""

    changes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)
    draft = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class Purge(Body):
    """``confirm``: the record and its history are gone for ever."""

    confirm = fields.Boolean(required=True, truthy={True}, falsy={False})


class Cell(ma.Schema):
    """A column of one row, before and after: the stored values, and their words."""

    field = fields.String()
    label = fields.String()
    old = fields.Raw(allow_none=True)
    new = fields.Raw(allow_none=True)
    old_text = fields.String()
    new_text = fields.String()


class Row(ma.Schema):
    """A row that was ``added``, ``removed``, ``changed`` or ``moved``; ``at`` is its place, from 1."""

    id = fields.String()
    change = fields.String()
    at = fields.Integer()
    words = fields.String()
    cells = fields.List(fields.Nested(Cell))


class FieldChange(Cell):
    """A field, before and after; a table row by row."""

    rows = fields.List(fields.Nested(Row))


class HistoryEntry(ma.Schema):
    """One change: by whom, through what (``run:7``, ``bulk:…``), and what it replaced."""

    version = fields.Integer()
    at = fields.String()
    actor = fields.String()
    who = fields.String()
    action = fields.String()
    what = fields.String()
    via = fields.String(allow_none=True)
    changes = fields.List(fields.Nested(FieldChange))


class HistoryAnswer(ma.Schema):
    """The latest first."""

    items = fields.List(fields.Nested(HistoryEntry))


class Left(ma.Schema):
    """A field that could not be brought back."""

    field = fields.String()
    why = fields.String()


class EarlierAnswer(ma.Schema):
    """The record as it stands now; ``left`` are fields that stay as they were, and why."""

    record = fields.Nested(RecordAnswer)
    left = fields.List(fields.Nested(Left))


class BinItem(RecordAnswer):
    """A record in the bin."""

    deleted_at = fields.String()
    deleted_by = fields.String()


class BinAnswer(ma.Schema):
    """A page of the bin, the latest first."""

    items = fields.List(fields.Nested(BinItem))
    next = fields.String(allow_none=True)


class DraftsAnswer(ma.Schema):
    """A page of one's own drafts, the latest first."""

    items = fields.List(fields.Nested(RecordAnswer))
    next = fields.String(allow_none=True)


class Touched(ma.Schema):
    """Records of one form: how many, and those that the caller may read."""

    form = fields.String()
    count = fields.Integer()
    records = fields.List(fields.Dict())


class OutlookAnswer(ma.Schema):
    """What deleting would do: who goes along, whose links are cleared, whose links ask for ``force``, who refuses."""

    along = fields.List(fields.Nested(Touched))
    cleared = fields.List(fields.Nested(Touched))
    asking = fields.List(fields.Nested(Touched))
    refusing = fields.List(fields.Nested(Touched))


class RestoredAnswer(ma.Schema):
    """What came out of the bin: the record, the ids of what came along, whose links were set again, and what changed
    meanwhile and was left.
    """

    record = fields.Nested(RecordAnswer)
    along = fields.List(fields.Integer())
    linked = fields.List(fields.Integer())
    left = fields.List(fields.Integer())


@blueprint.route("/records/<int:record_id>/history")
class History(MethodView):
    """What happened to a record."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=HistoryAnswer)
    def get(self, record_id: int) -> Response:
        """Who changed what, and when, tables row by row; only fields that the caller may see"""
        with transaction() as session:
            return jsonify(items=history_json(session, me(), record_id))


@blueprint.route("/records/<int:record_id>/history/<int:version>/restore")
class Earlier(MethodView):
    """An earlier state."""

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(200, schema=EarlierAnswer)
    def post(self, record_id: int, version: int) -> Response:
        """Go back to the record as it was at a version, by the rights and rules of any change"""
        identity = me()

        def restore(session: Session) -> tuple[int, dict[str, Any]]:
            done = earlier.restore_version(
                services().records, session, services().forms, record_id, version, actor_of(identity)
            )
            left = [{"field": each.field, "why": each.why} for each in done.left]
            return 200, {"record": record_json(session, identity, record_id), "left": left}

        return once(identity, request, restore)


@blueprint.route("/records/<int:record_id>/copy")
class Copies(MethodView):
    """A copy of a record."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Copy)
    @blueprint.alt_response(201, schema=RecordAnswer)
    def post(self, body: dict[str, Any], record_id: int) -> Response:
        """Copy a record: its values without numbers, statuses, computed and unique ones; rows get ids of their own"""
        identity = me()

        def copy(session: Session) -> tuple[int, dict[str, Any]]:
            actor, forms = actor_of(identity), services().forms
            made = copying.copy(
                services().records, session, forms, record_id, actor, body["changes"], draft=body["draft"]
            )
            return 201, record_json(session, identity, made.id)

        return once(identity, request, copy)


@blueprint.route("/records/<int:record_id>/removal")
class Outlook(MethodView):
    """What deleting a record would do."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=OutlookAnswer)
    def get(self, record_id: int) -> Response:
        """Look before deleting: what goes along, what is cleared, what stands in the way (changes nothing)"""
        identity = me()
        with transaction() as session:
            found = removal.outlook(services().records, session, services().forms, record_id, actor_of(identity))
            return jsonify(outlook_json(session, identity, found))


@blueprint.route("/records/<int:record_id>/restore")
class OutOfTheBin(MethodView):
    """A record in the bin."""

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(200, schema=RestoredAnswer)
    def post(self, record_id: int) -> Response:
        """Take a record out of the bin, with what went along with it"""
        identity = me()

        def restore(session: Session) -> tuple[int, dict[str, Any]]:
            done = services().records.restore(session, services().forms, record_id, actor_of(identity))
            return 200, removed_json(session, identity, done)

        return once(identity, request, restore)


@blueprint.route("/records/<int:record_id>/purge")
class Purging(MethodView):
    """The end of a record in the bin."""

    @policy(admin, scope="admin")
    @blueprint.arguments(Purge)
    @blueprint.alt_response(204)
    def post(self, body: dict[str, Any], record_id: int) -> Response:
        """Forget a record in the bin for ever, with history and comments; the audit log keeps that it was done"""
        identity = me()

        def forget(session: Session) -> tuple[int, dict[str, Any]]:
            purge.purge(
                services().records,
                session,
                services().forms,
                [record_id],
                actor_of(identity),
                confirmed=body["confirm"],
            )
            return 204, {}

        return once(identity, request, forget)


@blueprint.route("/forms/<form>/bin")
class Bin(MethodView):
    """The bin of a form."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(AsideArgs, location="query")
    @blueprint.alt_response(200, schema=BinAnswer)
    def get(self, args: dict[str, Any], form: str) -> Response:
        """List the records in the bin that the caller may see and take out, the latest first"""
        with transaction() as session:
            return jsonify(bin_json(session, me(), form, args.get("after"), args["limit"]))


@blueprint.route("/drafts")
class Drafts(MethodView):
    """One's own drafts."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(DraftArgs, location="query")
    @blueprint.alt_response(200, schema=DraftsAnswer)
    def get(self, args: dict[str, Any]) -> Response:
        """List one's own drafts, the latest first; PATCH with ``submit`` submits one, DELETE discards it"""
        with transaction() as session:
            return jsonify(drafts_json(session, me(), args.get("form"), args.get("after"), args["limit"]))
