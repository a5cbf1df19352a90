"""Taking files in and giving them out."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue, NotFound
from formloom.files.backend import FileBackend, file_backend
from formloom.files.names import clean_name
from formloom.files.sniff import sniff
from formloom.models import StoredFile
from formloom.settings import Settings

CODES = ("too_large", "empty_file", "broken_image", "too_many_pixels", "unaccepted_type", "unknown_file")

CHUNK = 256 * 1024


class FileStore:
    """Composed once; safe for threads. Bytes are safe before their row commits, so no row is without its file.

    A rolled-back transaction may leave bytes without a row: they are harmless, and a sweep can find them.
    """

    def __init__(self, backend: FileBackend, max_bytes: int, scratch: Path) -> None:
        self._backend, self._max_bytes, self._scratch = backend, max_bytes, scratch

    @classmethod
    def of(cls, settings: Settings) -> "FileStore":
        """The store of these settings."""
        return cls(file_backend(settings), settings.max_upload_bytes, Path(settings.data_dir) / "incoming")

    def store(
        self,
        session: Session,
        stream: BinaryIO,
        name: str,
        actor: str,
        *,
        accept: Iterable[str] = (),
        most_bytes: int | None = None,
    ) -> StoredFile:
        """Take a stream in. Raises InvalidInput for what is too large, empty, broken, or of a type not accepted.

        `accept` holds media types, or families as `image/*`; none accepts all. The size is counted while it streams;
        `most_bytes` is a bound below that of the settings.
        """
        self._scratch.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._scratch)
        path = Path(temporary)
        try:
            with os.fdopen(handle, "w+b") as file:
                size, digest = self._copy(stream, file, min(self._max_bytes, most_bytes or self._max_bytes))
                media_type = sniff(file)
            _check_accepted(media_type, tuple(accept))
            row = StoredFile(
                workspace_id=workspace_of(session),
                id=uuid4(),
                name=clean_name(name),
                media_type=media_type,
                size=size,
                sha256=digest,
                created_by=actor,
            )
            self._backend.keep(_key(row.workspace_id, row.id), path)
        finally:
            path.unlink(missing_ok=True)
        session.add(row)
        session.flush()
        return row

    def open(self, session: Session, file_id: str | UUID) -> tuple[StoredFile, BinaryIO]:
        """The row and its bytes, to be closed by the caller. Raises NotFound; who may is the caller's question."""
        row = find(session, file_id)
        return row, self._backend.open(_key(row.workspace_id, row.id))

    def forget(self, workspace_id: int, file_id: UUID) -> None:
        """Remove the bytes of a file that has no row (any more)."""
        self._backend.remove(_key(workspace_id, file_id))

    def kept_before(self, moment: datetime) -> Iterator[tuple[int, UUID]]:
        """(workspace, file) of all bytes that were kept before that moment; what is not ours is passed over."""
        for key in self._backend.keys(moment):
            workspace, _, name = key.partition("/")
            try:
                yield int(workspace), UUID(name.rpartition("/")[2])
            except ValueError:
                continue

    def _copy(self, stream: BinaryIO, file: BinaryIO, most: int) -> tuple[int, bytes]:
        size, digest = 0, hashlib.sha256()
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise _refused("too_large", most=most)
            digest.update(chunk)
            file.write(chunk)
        if size == 0:
            raise _refused("empty_file")
        file.flush()
        return size, digest.digest()


def find(session: Session, file_id: str | UUID) -> StoredFile:
    """The row of a file of this workspace; raises NotFound, also for what is no id at all."""
    try:
        ident = file_id if isinstance(file_id, UUID) else UUID(file_id)
    except ValueError as error:
        raise NotFound("unknown_file") from error
    row = session.get(StoredFile, (workspace_of(session), ident))
    if row is None:
        raise NotFound("unknown_file")
    return row


def describe(session: Session, ids: Iterable[str]) -> dict[str, StoredFile]:
    """The rows of those of these ids that exist, by the id as text."""
    wanted = []
    for file_id in ids:
        try:
            wanted.append(UUID(file_id))
        except ValueError:
            continue
    rows = select(StoredFile).where(StoredFile.workspace_id == workspace_of(session), StoredFile.id.in_(wanted))
    return {str(row.id): row for row in session.scalars(rows)}


def _check_accepted(media_type: str, accept: tuple[str, ...]) -> None:
    family = media_type.split("/", 1)[0] + "/*"
    if accept and media_type not in accept and family not in accept:
        raise _refused("unaccepted_type", type=media_type, accept=list(accept))


def _refused(code: str, **params: object) -> InvalidInput:
    return InvalidInput("invalid_input", issues=(Issue("/file", code, params),))


def _key(workspace_id: int, file_id: UUID) -> str:
    """Our own id only: nothing of the name or the content stands in a path."""
    return f"{workspace_id}/{file_id.hex[:2]}/{file_id.hex}"
