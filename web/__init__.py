"""What people see: pages, REST API, event stream, and the composition of all that runs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from formloom.settings import Settings

    from web.composition import Services


def create_app(settings: "Settings", services: "Services | None" = None) -> "Flask":
    """The WSGI application; without ``services`` it composes its own. Imported late: the CLI starts in a blink."""
    from web.app import build

    return build(settings, services)
