"""Files in and out. What people uploaded is never run: sniffed type, nosniff, a sandbox, attachment unless an image."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from urllib.parse import quote
from uuid import UUID

from flask import Request, Response, url_for
from formloom.access import Identity
from formloom.errors import InvalidInput, Issue, NotFound
from formloom.models import StoredFile
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from web.context import services
from web.desk.world import World
from web.names import FileCard

INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
CHUNK = 65_536


def uploaded(request: Request) -> FileStorage:
    """The one file of a multipart body, which has come in whole by then: read before a transaction begins, for a
    slow sender would keep it, and its connection, open. Raises InvalidInput."""
    upload = request.files.get("file")
    if upload is None:
        raise InvalidInput("file_missing_in_body", issues=(Issue("/file", "required"),))
    return upload


def take_upload(
    session: Session, upload: FileStorage, actor: str, *, accept: Iterable[str] = (), most_bytes: int | None = None
) -> FileCard:
    """Store what was `uploaded`."""
    stream, name = cast("BinaryIO", upload.stream), upload.filename or ""
    try:
        stored = services().files.store(session, stream, name, actor, accept=accept, most_bytes=most_bytes)
    finally:
        upload.close()
    url = url_for("record.file", file_id=stored.id)
    return FileCard(str(stored.id), stored.name, stored.media_type, stored.size, url)


def file_answer(session: Session, identity: Identity, file_id: UUID) -> Response:
    """The file, for its uploader and for whoever sees a record that holds it; for others there is none."""
    world = World.of(session, identity)
    if not services().records.may_read_file(session, services().forms, world.actor, str(file_id)):
        raise NotFound("unknown_file")
    return send_stored(*services().files.open(session, file_id))


def send_stored(row: StoredFile, stream: BinaryIO) -> Response:
    """Bytes with headers that keep a browser from running them."""
    response = Response(_chunks(stream), mimetype=row.media_type)
    response.call_on_close(stream.close)
    kind = "inline" if row.media_type in INLINE else "attachment"
    response.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(row.name, safe='')}"
    response.headers["Content-Length"] = str(row.size)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(CHUNK):
            yield chunk


@contextmanager
def made_here() -> Iterator[BinaryIO]:
    """A temporary file to write an answer into: `download` closes it, and so does whatever goes wrong before."""
    file = cast("BinaryIO", tempfile.TemporaryFile(prefix="formloom-answer-"))  # noqa: SIM115 - see above
    try:
        yield file
    except BaseException:
        file.close()
        raise


def download(file: BinaryIO, name: str, media_type: str) -> Response:
    """A file that was made for this answer; it is closed when the answer has been sent."""
    size = file.seek(0, 2)
    file.seek(0)
    response = Response(_chunks(file), content_type=media_type)
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Length"] = str(size)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
