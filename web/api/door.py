"""How the API reads requests: strict JSON, schemas that refuse unknown keys, issues with pointers and codes."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol, TypeVar

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from formloom.errors import InvalidInput, Issue
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from web import strict_json

_CODES = {
    "required": "required",
    "null": "null_not_allowed",
    "unknown": "unknown_key",
    "type": "not_an_object",
    "invalid": "invalid_value",
}


ViewT = TypeVar("ViewT")


class Decorator(Protocol):
    """Gives back what it decorates (smorest's own are untyped)."""

    def __call__(self, view: ViewT, /) -> ViewT: ...


class Body(ma.Schema):
    """The base of every request schema: unknown keys are refused, and messages are codes, not prose."""

    error_messages = {"unknown": "unknown_key", "type": "not_an_object", "invalid": "invalid_value"}  # noqa: RUF012

    class Meta:
        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Let each field say codes."""
        field_obj.error_messages = {key: _CODES.get(key, "invalid_value") for key in field_obj.error_messages}
        if isinstance(field_obj, ma.fields.List):
            self.on_bind_field(field_name, field_obj.inner)


class Nothing(Body):
    """An empty object."""


class Count(ma.fields.Integer):
    """A whole number in a query, in ASCII digits: Python's own reading also takes ``1_0`` and ``１０``."""

    def _validated(self, value: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise self.make_error("invalid")
        return int(value)


class Flag(ma.fields.Boolean):
    """Yes or no in a query: ``true`` or ``false``, and no other spelling."""

    def __init__(self, **options: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **options)


class StrictParser(FlaskParser):
    """Reads bodies through :mod:`web.strict_json` and raises our own errors."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The parsed body; nothing at all counts as an empty object."""
        body = req.get_data(cache=True)
        if not body:
            return core.missing
        if not core.is_json(req.mimetype):
            raise UnsupportedMediaType
        return strict_json.loads(body)

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        """Every fault of the body (or the query) at once, with its pointer."""
        found: Any = error.messages
        nested = found.get("json", found) if isinstance(found, dict) else found
        in_query = isinstance(found, dict) and "query" in found
        issues = tuple(_issues(found["query"] if in_query else nested, ""))
        raise InvalidInput("invalid_query" if in_query else "invalid_input", issues=issues)


def read_body(schema: Body, request: Request) -> dict[str, Any]:
    """The body of a request outside of the API's blueprints, through the same door."""
    try:
        loaded: dict[str, Any] = schema.load(strict_json.loads(request.get_data(cache=True) or b"{}"))
    except ma.ValidationError as error:
        raise InvalidInput("invalid_input", issues=tuple(_issues(error.messages, ""))) from error
    return loaded


def _issues(messages: Any, pointer: str) -> Iterator[Issue]:
    if isinstance(messages, Mapping):
        for key, nested in messages.items():
            spot = pointer if key == "_schema" else f"{pointer}/{strict_json.escape(str(key))}"
            yield from _issues(nested, spot)
    elif isinstance(messages, list):
        for message in messages:
            yield from _issues(message, pointer)
    else:
        yield Issue(pointer, str(messages), {})


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint of the API, with the strict parser."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Decorator:
        """Register a class-based view."""
        decorator: Decorator = super().route(rule, **options)
        return decorator

    def arguments(self, schema: type[ma.Schema], **options: Any) -> Decorator:
        """The body (or, by ``location``, the query) that a view takes."""
        decorator: Decorator = super().arguments(schema, **options)
        return decorator

    def alt_response(self, status_code: int, **options: Any) -> Decorator:
        """An answer that a view gives, for the description."""
        decorator: Decorator = super().alt_response(status_code, **options)
        return decorator
