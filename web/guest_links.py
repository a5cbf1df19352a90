"""The link behind a token, for every page that people without an account open."""

from uuid import UUID

from flask import request
from formloom import guests
from formloom.errors import NotFound

from web.context import services

LONGEST_TOKEN = 200


def resolved(token: str) -> tuple[int, UUID] | None:
    """(workspace, link), or None. Only misses are counted: many people may come from one address, guessing misses."""
    known = guests.resolve(services().databases, services().settings, token[:LONGEST_TOKEN])
    if known is None:
        services().access.throttle.count("guest", request.remote_addr or "")
    return known


def found(token: str) -> tuple[int, UUID]:
    """The same; raises NotFound, alike for all that is no good link."""
    known = resolved(token)
    if known is None:
        raise NotFound("link_gone")
    return known
