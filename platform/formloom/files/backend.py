"""Where the bytes are: a small port with two sides."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from formloom.errors import ExternalFailure, NotFound
from formloom.settings import S3Settings, Settings


class FileBackend(Protocol):
    """Keeps bytes under a key of ours (`7/ab/ab12…`). A kept file never changes."""

    def keep(self, key: str, source: Path) -> None:
        """Take the file at `source`; when this returns it survives a crash. May move it."""

    def open(self, key: str) -> BinaryIO:
        """The bytes, to be closed by the caller; raises NotFound."""

    def remove(self, key: str) -> None:
        """Forget the bytes, if they are there."""

    def keys(self, before: datetime) -> Iterator[str]:
        """The keys of all bytes that were kept before this moment (with a time zone), in no order."""


class FolderFiles:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, key: str, source: Path) -> None:
        """Flush, move into place in one step, flush the folder: there is never half a file under a key."""
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb+") as file:
            os.fsync(file.fileno())
        source.replace(target)
        if os.name == "posix":
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def open(self, key: str) -> BinaryIO:
        """The file itself."""
        try:
            return (self._folder / key).open("rb")
        except FileNotFoundError as error:
            raise NotFound("unknown_file") from error

    def remove(self, key: str) -> None:
        """Delete it."""
        (self._folder / key).unlink(missing_ok=True)

    def keys(self, before: datetime) -> Iterator[str]:
        """By the time when each file was written."""
        for path in self._folder.glob("*/*/*"):
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:  # removed while we walk
                continue
            if written < before.timestamp():
                yield path.relative_to(self._folder).as_posix()


class S3Files:
    """A bucket of any S3-compatible service."""

    def __init__(self, settings: S3Settings) -> None:
        import boto3  # a quarter of a second that only those pay who use it
        from botocore.config import Config

        self._prefix = settings.prefix
        self._bucket = settings.bucket or ""
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
                # Many compatible services do not know Amazon's newer checksums; ours is in the row.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def keep(self, key: str, source: Path) -> None:
        """Upload it; S3 shows an object only when it is whole."""
        from boto3.exceptions import S3UploadFailedError
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.upload_file(str(source), self._bucket, self._prefix + key)
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            raise ExternalFailure("file_storage_away") from error

    def open(self, key: str) -> BinaryIO:
        """A stream from the service."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            body: BinaryIO = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]  # type: ignore[assignment]
        except self._client.exceptions.NoSuchKey as error:
            raise NotFound("unknown_file") from error
        except (BotoCoreError, ClientError) as error:
            raise ExternalFailure("file_storage_away") from error
        return body

    def remove(self, key: str) -> None:
        """Delete the object."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def keys(self, before: datetime) -> Iterator[str]:
        """A page of the bucket's list at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                if found["LastModified"] < before:
                    yield found["Key"].removeprefix(self._prefix)


def file_backend(settings: Settings) -> FileBackend:
    """The backend of these settings: a bucket if one is named, else a folder in `data_dir`."""
    return S3Files(settings.s3) if settings.s3.bucket else FolderFiles(Path(settings.data_dir) / "files")
