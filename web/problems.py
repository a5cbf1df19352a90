"""Errors as answers: a kind becomes an HTTP status, a code becomes words, and both become RFC 9457 or a page."""

import structlog
from flask import Flask, Response, g, json, make_response, render_template, request
from formloom.errors import (
    Conflict,
    ExternalFailure,
    Forbidden,
    FormloomError,
    IllegalTransition,
    InvalidDefinition,
    InvalidInput,
    NotFound,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from web.identity import is_api_request
from web.words import sentence

log = structlog.get_logger(__name__)

_STATUS: dict[type[FormloomError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Unauthenticated: 401,
    Conflict: 409,
    IllegalTransition: 409,
    InvalidDefinition: 422,
    InvalidInput: 422,
    ExternalFailure: 502,
    Throttled: 429,
    Unavailable: 503,
}
# Codes that HTTP knows more exactly than their kind does.
_STATUS_OF_CODE = {
    "invalid_json": 400,
    "invalid_query": 400,
    "body_too_large": 413,
    "file_too_large": 413,
    "precondition_failed": 412,
    "precondition_required": 428,
}
_HTTP_CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "route_not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
CODES = (*_HTTP_CODES.values(), "http_error", "internal_error", "database_unavailable", "csrf_failed")
DRAIN_LIMIT = 64_000_000


def status_of(error: FormloomError) -> int:
    """The HTTP status of an error: by its code where HTTP is more exact, else by its kind."""
    for code in (error.code, *(issue.code for issue in error.issues)):
        if code in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[code]
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def problem(error: FormloomError, status: int | None = None) -> Response:
    """The answer for an error: ``application/problem+json`` to programs, a page to people."""
    status = status or status_of(error)
    detail = sentence(error.code, error.params)
    if is_api_request():
        body = {
            "type": f"/api/v1/problems/{error.code}",
            "title": sentence(f"status_{status}", {}),
            "status": status,
            "detail": detail,
            "code": error.code,
            "params": dict(error.params),
            "issues": [
                {"pointer": issue.pointer, "code": issue.code, "detail": sentence(issue.code, issue.params)}
                for issue in error.issues
            ],
            "request": g.get("request_id"),
        }
        response = make_response(json.dumps(body, default=str))
        response.content_type = "application/problem+json"
    else:
        page = render_template("error.html", status=status, title=sentence(f"status_{status}", {}), detail=detail)
        response = make_response(page)
    response.status_code = status
    if "retry_after" in error.params:
        response.headers["Retry-After"] = str(error.params["retry_after"])
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="formloom"'
    return response


def handle_errors(app: Flask) -> None:
    """Every exception that leaves a view is answered here, and only an unforeseen one is a 500."""

    @app.errorhandler(FormloomError)
    def known(error: FormloomError) -> Response:
        return problem(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:
            return error.get_response()  # type: ignore[return-value]
        status = error.code or 500
        if isinstance(error, RequestEntityTooLarge):
            _drain()
        response = problem(FormloomError(_HTTP_CODES.get(status, "http_error")), status)
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response

    @app.errorhandler(PoolTimeout)
    @app.errorhandler(OperationalError)
    def database_away(error: Exception) -> Response:
        log.warning("database_unavailable", error=type(error).__name__)
        return problem(Unavailable("database_unavailable", {"retry_after": 2}))

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        log.exception("unforeseen_error", path=request.path, method=request.method, error=type(error).__name__)
        return problem(FormloomError("internal_error"), 500)


def _drain() -> None:
    """Read away a body that we refused, within reason: a client that is still writing sees a reset and no answer."""
    stream, left = request.environ["wsgi.input"], DRAIN_LIMIT
    while left > 0 and (chunk := stream.read(min(left, 65_536))):
        left -= len(chunk)
