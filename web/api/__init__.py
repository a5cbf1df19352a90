"""REST under ``/api/v1``: the same services as the pages, JSON in and out, described by OpenAPI 3.1."""

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]

from web.api import (
    aggregate,
    bulk,
    calendars,
    channels,
    comments,
    connections,
    designing,
    documentation,
    documents,
    exports,
    files,
    forms,
    imports,
    jobs,
    messages,
    operations,
    people,
    record_states,
    records,
    runs,
    saved_views,
    schemas,
    seating,
    series,
    tasks,
    why,
)

PREFIX = "/api/v1"
MODULES = (
    forms,
    aggregate,
    records,
    record_states,
    saved_views,
    bulk,
    imports,
    exports,
    documents,
    jobs,
    messages,
    comments,
    tasks,
    runs,
    seating,
    series,
    operations,
    files,
    people,
    designing,  # the blueprint of all definitions, with what forms add to it
    calendars,
    channels,
    connections,
    schemas,
    why,
)


def register_api(app: Flask) -> None:
    """Register every blueprint, and the document that describes them."""
    app.config.update(
        API_TITLE="Formloom",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,  # served by our own view, under a policy like every other
        API_SPEC_OPTIONS=documentation.SPEC,
    )
    api = _Api(app)
    for module in MODULES:
        api.register_blueprint(module.blueprint, url_prefix=f"{PREFIX}{module.blueprint.url_prefix or ''}")
    documentation.register(app, api)


class _Api(Api):  # type: ignore[misc]
    """Errors are answered in one place, ``web.problems``; smorest's own handler stays out."""

    def _register_error_handlers(self) -> None:
        return
