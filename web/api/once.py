"""Once: the same request with the same key does its work a single time and always gets the first answer."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Request, Response, jsonify
from formloom import idempotency
from sqlalchemy.orm import Session

from web.api.conditions import idempotency_key
from web.context import transaction
from web.identity import Identity

Work = Callable[[Session], tuple[int, dict[str, Any]]]


def once(identity: Identity, request: Request, work: Work) -> Response:
    """Do ``work`` and keep its answer in the same transaction; a repetition gets that answer, another body is refused."""
    key = idempotency_key()
    with transaction() as session:
        first = idempotency.recall(session, identity.ref, key, fingerprint(request))
        if first is not None:
            status, body = first.status, first.body
        else:
            status, body = work(session)
            idempotency.remember(session, identity.ref, key, fingerprint(request), status, body)
    response = jsonify(body)
    response.status_code = status
    if first is not None:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def fingerprint(request: Request) -> bytes:
    """What makes two requests the same: method, path and body."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    digest.update(request.get_data(cache=True))
    return digest.digest()
