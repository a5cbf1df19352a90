"""Addresses that can name nothing are refused before anybody looks for it: ids beyond 64 bits, and NUL characters.

The database would refuse both as an error of ours (500); they are the caller's.
"""

from flask import Flask, request
from formloom.errors import InvalidInput, Issue, NotFound
from werkzeug.routing import IntegerConverter

MOST = 2**63 - 1
CODES = ("invalid_query", "bad_characters")


class Id(IntegerConverter):
    """``<int:record_id>``: at most what a ``bigint`` holds."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": MOST, **kwargs})  # type: ignore[arg-type]


def guard(app: Flask) -> None:
    """Must come before the first route is registered."""
    app.url_map.converters["int"] = Id

    @app.before_request
    def refuse_nul() -> None:
        if "\x00" in request.path:
            raise NotFound("route_not_found")
        odd = [name for name, values in request.args.lists() if "\x00" in name + "".join(values)]
        if odd:
            issues = tuple(Issue("/" + name.replace("\x00", ""), "bad_characters") for name in odd)
            raise InvalidInput("invalid_query", issues=issues)
