"""Comments on a record as the page and the API show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import people
from formloom.access import Identity
from formloom.clock import app_now
from sqlalchemy.orm import Session

from form_engine.records import comments
from form_engine.records.comments import Comment
from form_engine.records.mentions import split_at_names
from web.context import services
from web.desk.world import World, file_cards
from web.names import FileCard


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a comment; `name` is somebody's who was mentioned."""

    text: str
    name: bool = False


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment with the names in it; `may` holds what the reader may do with it."""

    comment: Comment
    by: str
    mentions: tuple[tuple[int, str], ...]
    files: tuple[FileCard, ...]
    pieces: tuple[Piece, ...]
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommentsView:
    """What the record's page shows of its comments."""

    items: tuple[CommentView, ...]
    now: datetime


def comments_of(world: World, identity: Identity, record_id: int) -> CommentsView:
    """The latest comments of a record that the reader may see."""
    found = comments.listing(services().records, world.session, services().forms, record_id, world.actor)
    return CommentsView(views(world.session, identity, found), app_now(world.session))


def views(session: Session, identity: Identity, found: Sequence[Comment]) -> tuple[CommentView, ...]:
    """These comments with names and files, each kind asked for once."""
    names = people.names(session, {person for each in found for person in (each.by, *each.mentions)})
    cards = file_cards(session, {file for each in found for file in each.files})
    now = app_now(session)
    return tuple(_view(each, names, cards, identity, now) for each in found)


def _view(
    comment: Comment, names: dict[int, str], cards: dict[str, FileCard], identity: Identity, now: datetime
) -> CommentView:
    mentioned = tuple((person, names.get(person, "")) for person in comment.mentions)
    mine = comment.by == identity.person_id
    may = []
    if not comment.deleted:
        may += ["edit"] if mine and now - comment.at <= comments.EDITABLE else []
        may += ["delete"] if mine or "admin" in identity.roles else []
    files = tuple(cards[file] for file in comment.files if file in cards)
    split = split_at_names(comment.body, [name for _, name in mentioned])
    pieces = tuple(Piece(text, name) for text, name in split)
    return CommentView(comment, names.get(comment.by, ""), mentioned, files, pieces, tuple(may))


def comments_json(session: Session, identity: Identity, found: Sequence[Comment]) -> list[dict[str, Any]]:
    """As the API tells them."""
    return [
        {
            "id": view.comment.id,
            "record": view.comment.record,
            "body": view.comment.body,
            "by": {"id": view.comment.by, "name": view.by},
            "at": view.comment.at.isoformat(),
            "edited_at": view.comment.edited_at.isoformat() if view.comment.edited_at else None,
            "deleted": view.comment.deleted,
            "mentions": [{"id": person, "name": name} for person, name in view.mentions],
            "files": [{"id": card.id, **card.to_json()} for card in view.files],
            "may": list(view.may),
        }
        for view in views(session, identity, found)
    ]
