"""What people say about a record, beside it: no part of its document, its history or a flow's journal.

Whoever may read the record reads and writes comments. Who is mentioned is told, and must be able to read the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from formloom import notifications, people
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue, NotFound
from formloom.wakeups import announce
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.models import RecordComment, RecordFile
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.mentions import unreachable
from form_engine.records.reader import COMMENT

if TYPE_CHECKING:
    from form_engine.records.service import Records

LONGEST: Final = 10_000
MOST_MENTIONS: Final = 50
MOST_FILES: Final = 20
MOST: Final = 200
"""Comments of one page."""

EDITABLE: Final = timedelta(hours=24)
"""So long its author may change a comment; deleting it they may always."""

MENTIONED: Final = "mentioned"
"""The kind of the line under the bell."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it is shown; a deleted one has no words, mentions and files."""

    id: int
    record: int
    body: str
    mentions: tuple[int, ...]
    files: tuple[str, ...]
    by: int
    at: datetime
    edited_at: datetime | None
    deleted: bool


def listing(
    records: "Records", session: Session, forms: FormStore, record_id: int, actor: Actor, *, after: int = 0
) -> tuple[Comment, ...]:
    """The comments after that id, oldest first, at most `MOST`. Raises NotFound for who may not read the record."""
    records.readable(session, forms, record_id, actor)
    return of_readable(session, record_id, after=after)


def of_readable(session: Session, record_id: int, *, after: int = 0) -> tuple[Comment, ...]:
    """The same, of a record that the reader was found to be allowed to read in this transaction."""
    rows = session.scalars(
        select(RecordComment)
        .where(
            RecordComment.workspace_id == workspace_of(session),
            RecordComment.record_id == record_id,
            RecordComment.id > after,
        )
        .order_by(RecordComment.id)
        .limit(MOST)
    ).all()
    files = _files(session, record_id) if rows else {}
    return tuple(_shown(row, files.get(row.id, ())) for row in rows)


def add(
    records: "Records",
    session: Session,
    forms: FormStore,
    record_id: int,
    actor: Actor,
    body: str,
    *,
    mentions: Sequence[int] = (),
    files: Sequence[str] = (),
) -> Comment:
    """A new comment. Raises InvalidInput, naming everybody mentioned who may not read the record."""
    record, _, _ = records.readable(session, forms, record_id, actor)
    if actor.person_id is None:
        raise Forbidden("guests_do_not_comment")
    named = tuple(dict.fromkeys(mentions))
    _check(records, session, forms, record, actor, body, named, files)
    row = RecordComment(
        workspace_id=workspace_of(session),
        record_id=record_id,
        body=body.strip(),
        mentions=list(named),
        created_by=actor.person_id,
        created_at=app_now(session),
    )
    session.add(row)
    session.flush()
    _attach(session, row, files)
    _mention(session, row, named)
    announce(session, [f"record:{record_id}"])
    return _shown(row, tuple(dict.fromkeys(files)))


def edit(
    records: "Records",
    session: Session,
    forms: FormStore,
    record_id: int,
    comment_id: int,
    actor: Actor,
    body: str,
    *,
    mentions: Sequence[int] = (),
) -> Comment:
    """Other words by the author, within `EDITABLE`; those who are mentioned only now are told."""
    record, _, _ = records.readable(session, forms, record_id, actor)
    row = _mine(session, record_id, comment_id, actor)
    if app_now(session) - row.created_at > EDITABLE:
        raise Conflict("comment_too_old", {"hours": EDITABLE // timedelta(hours=1)})
    named = tuple(dict.fromkeys(mentions))
    _check(records, session, forms, record, actor, body, named, ())
    new = [person for person in named if person not in row.mentions]
    row.body, row.mentions, row.edited_at = body.strip(), list(named), app_now(session)
    session.flush()
    _mention(session, row, new)
    announce(session, [f"record:{record_id}"])
    return _shown(row, _files(session, record_id).get(row.id, ()))


def remove(
    records: "Records", session: Session, forms: FormStore, record_id: int, comment_id: int, actor: Actor
) -> None:
    """The author, or an admin, takes a comment back: its place stays, its words and files go."""
    records.readable(session, forms, record_id, actor)
    row = _mine(session, record_id, comment_id, actor, admins=True)
    row.body, row.mentions, row.deleted_at = "", [], app_now(session)
    gone = (RecordFile.workspace_id == row.workspace_id, RecordFile.path == f"{COMMENT}{row.id}")
    session.execute(delete(RecordFile).where(*gone, RecordFile.record_id == record_id))
    session.flush()
    announce(session, [f"record:{record_id}"])


def _mine(session: Session, record_id: int, comment_id: int, actor: Actor, *, admins: bool = False) -> RecordComment:
    statement = select(RecordComment).where(
        RecordComment.workspace_id == workspace_of(session),
        RecordComment.record_id == record_id,
        RecordComment.id == comment_id,
    )
    row = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("unknown_comment", {"id": comment_id})
    if row.created_by != actor.person_id and not (admins and "admin" in actor.roles):
        raise Forbidden("comment_of_another", {"id": comment_id})
    if row.deleted_at is not None:
        raise Conflict("comment_deleted", {"id": comment_id})
    return row


def _check(
    records: "Records",
    session: Session,
    forms: FormStore,
    record: Fact,
    actor: Actor,
    body: str,
    mentions: Sequence[int],
    files: Sequence[str],
) -> None:
    issues: list[Issue] = []
    if not body.strip() and not files:
        issues.append(Issue("/body", "required"))
    for pointer, value, most in (("/body", body, LONGEST), ("/mentions", mentions, MOST_MENTIONS)):
        if len(value) > most:
            issues.append(Issue(pointer, "too_long" if pointer == "/body" else "too_many", {"max": most}))
    if len(files) > MOST_FILES:
        issues.append(Issue("/files", "too_many", {"max": MOST_FILES}))
    if not issues:
        issues += unreachable(session, forms, record, mentions)
        for at, file_id in enumerate(files):
            if not _is_uuid(file_id) or not records.may_read_file(session, forms, actor, file_id):
                issues.append(Issue(f"/files/{at}", "unknown_file"))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _attach(session: Session, row: RecordComment, files: Sequence[str]) -> None:
    if files:
        held = [
            {"workspace_id": row.workspace_id, "file_id": UUID(each), "record_id": row.record_id}
            for each in dict.fromkeys(files)
        ]
        path = f"{COMMENT}{row.id}"
        session.execute(insert(RecordFile).on_conflict_do_nothing(), [{**each, "path": path} for each in held])


def _mention(session: Session, row: RecordComment, mentioned: Sequence[int]) -> None:
    told = [person for person in mentioned if person != row.created_by]
    if told:
        name = people.names(session, [row.created_by]).get(row.created_by, "")
        params = {"record": row.record_id, "who": name}
        notifications.notify(session, told, MENTIONED, params, f"/records/{row.record_id}#comment-{row.id}")


def _files(session: Session, record_id: int) -> dict[int, tuple[str, ...]]:
    rows = session.execute(
        select(RecordFile.path, RecordFile.file_id)
        .where(
            RecordFile.workspace_id == workspace_of(session),
            RecordFile.record_id == record_id,
            RecordFile.path.startswith(COMMENT),
        )
        .order_by(RecordFile.path, RecordFile.file_id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for path, file_id in rows:
        comment = int(path.removeprefix(COMMENT))
        found[comment] = (*found.get(comment, ()), str(file_id))
    return found


def _shown(row: RecordComment, files: tuple[str, ...]) -> Comment:
    return Comment(
        row.id,
        row.record_id,
        row.body,
        tuple(row.mentions),
        files,
        row.created_by,
        row.created_at,
        row.edited_at,
        row.deleted_at is not None,
    )
