"""What people say about a record. (Comments on tasks belong to their flow's journal.)"""

from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from form_engine.records import comments
from web.api.door import ApiBlueprint, Body, Count
from web.api.once import once, once_if_keyed
from web.context import services, transaction
from web.desk.comments import comments_json
from web.identity import actor_of, me
from web.policies import policy, signed_in

blueprint = ApiBlueprint("comments", "comments", url_prefix="/records", description="Comments on records")

_PERSON = validate.Range(1, 2**63 - 1, error="invalid_value")


class CommentArgs(Body):
    """``after``: the id of the last comment that is known already."""

    after = Count(load_default=0)


class Words(Body):
    """Plain text; ``mentions`` are the ids of people who are told."""

    body = fields.String(required=True, validate=validate.Length(max=comments.LONGEST, error="too_long"))
    mentions = fields.List(
        fields.Integer(strict=True, validate=_PERSON),
        load_default=list,
        validate=validate.Length(max=comments.MOST_MENTIONS, error="too_many"),
    )


class NewComment(Words):
    """A comment, with ids of files that were uploaded."""

    files = fields.List(
        fields.String(), load_default=list, validate=validate.Length(max=comments.MOST_FILES, error="too_many")
    )


class Mentioned(ma.Schema):
    """Somebody who was told."""

    id = fields.Integer()
    name = fields.String()


class CommentAnswer(ma.Schema):
    """A comment; a deleted one has no words. ``may``: what the caller may do with it (edit, delete)."""

    id = fields.Integer()
    record = fields.Integer()
    body = fields.String()
    by = fields.Nested(Mentioned)
    at = fields.String()
    edited_at = fields.String(allow_none=True)
    deleted = fields.Boolean()
    mentions = fields.List(fields.Nested(Mentioned))
    files = fields.List(fields.Dict())
    may = fields.List(fields.String())


class CommentsAnswer(ma.Schema):
    """Oldest first."""

    items = fields.List(fields.Nested(CommentAnswer))


@blueprint.route("/<int:record_id>/comments")
class Comments(MethodView):
    """The comments on a record."""

    @policy(signed_in, scope="records:read")
    @blueprint.arguments(CommentArgs, location="query")
    @blueprint.alt_response(200, schema=CommentsAnswer)
    def get(self, args: dict[str, Any], record_id: int) -> Response:
        """List comments, oldest first, up to 200 after the one that is known"""
        identity = me()
        with transaction() as session:
            known, forms = services().records, services().forms
            found = comments.listing(known, session, forms, record_id, actor_of(identity), after=args["after"])
            return jsonify(items=comments_json(session, identity, found))

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(NewComment)
    @blueprint.alt_response(201, schema=CommentAnswer)
    def post(self, body: dict[str, Any], record_id: int) -> Response:
        """Say something; those who are mentioned are told, and must be able to read the record"""
        identity = me()

        def add(session: Session) -> tuple[int, dict[str, Any]]:
            known, forms = services().records, services().forms
            made = comments.add(
                known,
                session,
                forms,
                record_id,
                actor_of(identity),
                body["body"],
                mentions=body["mentions"],
                files=body["files"],
            )
            return 201, comments_json(session, identity, [made])[0]

        return once(identity, request, add)


@blueprint.route("/<int:record_id>/comments/<int:comment_id>")
class Comment(MethodView):
    """One's own comment."""

    @policy(signed_in, scope="records:write")
    @blueprint.arguments(Words)
    @blueprint.alt_response(200, schema=CommentAnswer)
    def put(self, body: dict[str, Any], record_id: int, comment_id: int) -> Response:
        """Put it in other words, within a day"""
        identity = me()

        def edit(session: Session) -> tuple[int, dict[str, Any]]:
            known, forms, actor = services().records, services().forms, actor_of(identity)
            made = comments.edit(
                known, session, forms, record_id, comment_id, actor, body["body"], mentions=body["mentions"]
            )
            return 200, comments_json(session, identity, [made])[0]

        return once_if_keyed(identity, request, edit)

    @policy(signed_in, scope="records:write")
    @blueprint.alt_response(204)
    def delete(self, record_id: int, comment_id: int) -> Response:
        """Take it back (its author, or an admin): its place stays, its words and files go"""
        identity = me()

        def remove(session: Session) -> tuple[int, dict[str, Any]]:
            known, forms, actor = services().records, services().forms, actor_of(identity)
            comments.remove(known, session, forms, record_id, comment_id, actor)
            return 204, {}

        return once_if_keyed(identity, request, remove)
