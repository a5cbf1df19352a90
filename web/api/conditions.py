"""ETag, If-Match and Idempotency-Key: a change is made on what was read, and made once."""

import re

from flask import Response, request
from formloom.errors import FormloomError, InvalidInput

_KEY = re.compile(r"[A-Za-z0-9_-]{8,100}")
CODES = ("key_required", "key_malformed", "precondition_failed", "precondition_required")


class PreconditionFailed(FormloomError):  # noqa: N818 - named as its siblings in formloom.errors
    """The version in ``If-Match`` is no version of ours."""


def expected_version(*, required: bool = False) -> int | None:
    """The version in ``If-Match``, or ``None`` where the caller takes whatever stands there."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if required:
            raise PreconditionFailed("precondition_required")
        return None
    if header == "*":
        return None
    digits = header.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise PreconditionFailed("precondition_failed")
    return int(digits)


def tag(response: Response, version: int) -> Response:
    """Mark the answer with the version it shows."""
    response.headers["ETag"] = f'"{version}"'
    return response


def idempotency_key() -> str:
    """The caller's key; a request that creates or decides must have one."""
    key = given_key()
    if key is None:
        raise InvalidInput("key_required")
    return key


def given_key() -> str | None:
    """The caller's key, where there is one."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if key and not _KEY.fullmatch(key):
        raise InvalidInput("key_malformed")
    return key or None
