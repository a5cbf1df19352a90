"""Once: the same request with the same key does its work a single time and always gets the first answer."""

from collections.abc import Callable
from typing import Any

from flask import Request, Response, jsonify
from formloom import idempotency
from formloom.access import Identity
from sqlalchemy.orm import Session

from web.api.conditions import given_key, idempotency_key, tag
from web.context import transaction

Work = Callable[[Session], tuple[int, dict[str, Any]]]


def once(identity: Identity, request: Request, work: Work) -> Response:
    """Do ``work`` and keep its answer in the same transaction; a repetition gets it, another body is refused."""
    return _keyed(identity, request, work, idempotency_key())


def once_if_keyed(identity: Identity, request: Request, work: Work, *, body: bytes | None = None) -> Response:
    """The same for requests that are safe to repeat by themselves (PATCH with If-Match, PUT, DELETE, an upload that is
    only looked at): with a key they are done once, without one each is done.

    `body`: what was sent, where that is spelt anew each time (the boundaries of multipart).
    """
    key = given_key()
    if key is not None:
        return _keyed(identity, request, work, key, body)
    with transaction() as session:
        answer = idempotency.Answer(*work(session))
    return _response(answer)


def _keyed(identity: Identity, request: Request, work: Work, key: str, body: bytes | None = None) -> Response:
    actor = f"person:{identity.person_id}"
    # If-Match belongs to what is asked: on another version it is another request.
    asked = request.headers.get("If-Match", "")
    body = request.get_data(cache=True) if body is None else body
    print_ = idempotency.fingerprint(request.method, request.full_path, asked, body)
    with transaction() as session:
        first = idempotency.first_answer(session, actor, key, print_)
        if first is None:
            answer = idempotency.Answer(*work(session))
            idempotency.keep(session, actor, key, print_, answer)
        else:
            answer = first
    response = _response(answer)
    if first is not None:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _response(answer: idempotency.Answer) -> Response:
    """The answer; one that shows a version is tagged with it."""
    if answer.status == 204:
        return Response(status=204)
    response = jsonify(answer.body)
    response.status_code = answer.status
    version = answer.body.get("version")
    return tag(response, version) if isinstance(version, int) else response
