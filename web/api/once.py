"""Once: the same request with the same key does its work a single time and always gets the first answer."""

from collections.abc import Callable
from typing import Any

from flask import Request, Response, jsonify
from formloom import idempotency
from formloom.access import Identity
from sqlalchemy.orm import Session

from web.api.conditions import idempotency_key
from web.context import transaction

Work = Callable[[Session], tuple[int, dict[str, Any]]]


def once(identity: Identity, request: Request, work: Work) -> Response:
    """Do ``work`` and keep its answer in the same transaction; a repetition gets it, another body is refused."""
    key, actor = idempotency_key(), f"person:{identity.person_id}"
    print_ = idempotency.fingerprint(request.method, request.path, request.get_data(cache=True))
    with transaction() as session:
        first = idempotency.first_answer(session, actor, key, print_)
        if first is None:
            answer = idempotency.Answer(*work(session))
            idempotency.keep(session, actor, key, print_, answer)
        else:
            answer = first
    response = jsonify(answer.body)
    response.status_code = answer.status
    if first is not None:
        response.headers["Idempotency-Replayed"] = "true"
    return response
