"""Views that people keep of a form's list: their own, and those that they share."""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from form_engine import saved_views
from web.api.door import ApiBlueprint, Body
from web.api.once import once
from web.context import transaction
from web.desk.list_tools import saved_json
from web.desk.world import World
from web.identity import me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("saved-views", "saved_views", description="Views that people keep of lists")


class NewView(Body):
    """``body``: what people choose of a view (as in the schema of views), with ``filter`` as lists take it, ``q``, and
    the key of the defined ``view`` that it builds on.
    """

    title = fields.String(required=True, validate=validate.Length(max=200, error="too_long"))
    shared = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    body = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


class ViewChanges(Body):
    """What is given changes."""

    title = fields.String(load_default=None, validate=validate.Length(max=200, error="too_long"))
    shared = fields.Boolean(load_default=None, truthy={True}, falsy={False})
    body = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=None)


class SavedViewAnswer(ma.Schema):
    """A saved view. ``mine``: the caller keeps it; ``may_change``: they may change it or take it away."""

    id = fields.Integer()
    form = fields.String()
    title = fields.String()
    shared = fields.Boolean()
    mine = fields.Boolean()
    may_change = fields.Boolean()
    body = fields.Dict()


class SavedViewsAnswer(ma.Schema):
    """One's own and the shared ones, by title."""

    items = fields.List(fields.Nested(SavedViewAnswer))


@blueprint.route("/forms/<form>/views")
class SavedViews(MethodView):
    """The saved views of a form."""

    @policy(signed_in, scope="records:read")
    @blueprint.alt_response(200, schema=SavedViewsAnswer)
    def get(self, form: str) -> Response:
        """List one's own saved views of a form, and the shared ones"""
        with transaction() as session:
            world = World.of(session, me())
            world.listable(form)
            found = saved_views.views_of_form(session, form, world.actor)
            return jsonify(items=[saved_json(one, world) for one in found])

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(NewView)
    @blueprint.alt_response(201, schema=SavedViewAnswer)
    def post(self, body: dict[str, Any], form: str) -> Response:
        """Keep how a list looks and what it is filtered by"""
        identity = me()

        def keep(session: Session) -> tuple[int, dict[str, Any]]:
            world = World.of(session, identity)
            world.listable(form)
            made = saved_views.keep(session, form, world.actor, body["title"], body["body"], shared=body["shared"])
            return 201, saved_json(made, world)

        return once(identity, request, keep)


@blueprint.route("/views/<int:view_id>")
class SavedView(MethodView):
    """One saved view."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(ViewChanges)
    @blueprint.alt_response(200, schema=SavedViewAnswer)
    def patch(self, body: dict[str, Any], view_id: int) -> Response:
        """Change a saved view: its owner, of a shared one also an administrator"""
        with transaction() as session:
            world = World.of(session, me())
            return jsonify(saved_json(saved_views.change(session, view_id, world.actor, **body), world))

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(204)
    def delete(self, view_id: int) -> Response:
        """Take a saved view away"""
        with transaction() as session:
            saved_views.forget(session, view_id, World.of(session, me()).actor)
        return Response(status=204)
