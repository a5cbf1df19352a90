"""Comments on a record as the page and the API show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final, cast

from formloom import people
from formloom.access import Identity
from formloom.clock import app_now
from formloom.errors import InvalidInput
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from form_engine.records import comments
from form_engine.records.comments import Comment
from form_engine.records.mentions import named_in, split_at_names
from web.context import services
from web.desk.world import file_cards
from web.identity import actor_of
from web.names import FileCard
from web.words import sentence


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


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote that could not be taken, and why, in words."""

    body: str = ""
    refused: tuple[str, ...] = ()


NOTHING_SAID: Final = Said()


def comments_view(session: Session, identity: Identity, record_id: int) -> CommentsView:
    """The comments of a record that the reader may see."""
    found = comments.listing(services().records, session, services().forms, record_id, actor_of(identity))
    return CommentsView(views(session, identity, found), app_now(session))


def comments_beside(session: Session, identity: Identity, record_id: int) -> CommentsView:
    """The comments beside a record that is on the page already."""
    return CommentsView(views(session, identity, comments.of_readable(session, record_id)), app_now(session))


def say(session: Session, identity: Identity, record_id: int, body: str, uploads: Iterable[FileStorage]) -> None:
    """A comment from the page: who is named after an @ is mentioned."""
    known, forms, actor = services().records, services().forms, actor_of(identity)
    known.readable(session, forms, record_id, actor)
    files = [
        str(services().files.store(session, cast("BinaryIO", each.stream), each.filename or "", actor.ref).id)
        for each in uploads
        if each.filename
    ]
    text = body.replace("\r\n", "\n")
    comments.add(known, session, forms, record_id, actor, text, mentions=named_in(session, text), files=files)


def say_otherwise(session: Session, identity: Identity, record_id: int, comment_id: int, body: str) -> None:
    """One's own comment in other words, from the page."""
    known, forms, text = services().records, services().forms, body.replace("\r\n", "\n")
    mentions = named_in(session, text)
    comments.edit(known, session, forms, record_id, comment_id, actor_of(identity), text, mentions=mentions)


def unsay(session: Session, identity: Identity, record_id: int, comment_id: int) -> None:
    """One's own comment taken back, from the page."""
    comments.remove(services().records, session, services().forms, record_id, comment_id, actor_of(identity))


def refused(body: str, error: InvalidInput) -> Said:
    """What was written, with the words why it was not taken."""
    return Said(body, tuple(dict.fromkeys(sentence(issue.code, issue.params) for issue in error.issues)))


def views(session: Session, identity: Identity, found: Sequence[Comment]) -> tuple[CommentView, ...]:
    """These comments with names and files, each kind asked for once."""
    if not found:
        return ()
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
