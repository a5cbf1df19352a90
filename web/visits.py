"""One visitor of a public link: many people hold the same QR code, and each sees only what is their own.

The cookie names a visit that we chose and signed. Files belong to the visit, and so does the receipt of the one report
that it makes. It is good for the link it was made for, and for two days.
"""

import time
from typing import Final
from uuid import UUID, uuid4

from flask import Request, Response
from formloom.settings import Settings
from formloom.signing import SIGNATURE_BYTES, from_text, same, sign, to_text

from web.identity import cookies_are_secure

COOKIE: Final = "visit"
KEPT_SECONDS: Final = 172_800


def visit_of(request: Request, settings: Settings, link: UUID) -> UUID | None:
    """The visit that the request's cookie names, if we made it for this link and not long ago."""
    raw = from_text(request.cookies.get(COOKIE, "")[:200], 16 + 8 + SIGNATURE_BYTES)
    if raw is None:
        return None
    visit, begun = UUID(bytes=raw[:16]), int.from_bytes(raw[16:24])
    if not same(raw[24:], _signature(settings, link, visit, begun)):
        return None
    return visit if 0 <= time.time() - begun < KEPT_SECONDS else None


def begin_visit(response: Response, settings: Settings, link: UUID, path: str) -> None:
    """Give this browser a visit of its own, sent back below `path` alone."""
    visit, begun = uuid4(), int(time.time())
    value = to_text(visit.bytes + begun.to_bytes(8) + _signature(settings, link, visit, begun))
    response.set_cookie(
        COOKIE, value, max_age=KEPT_SECONDS, path=path, httponly=True, samesite="Lax", secure=cookies_are_secure()
    )


def _signature(settings: Settings, link: UUID, visit: UUID, begun: int) -> bytes:
    return sign(settings.secret_key, "visit", link.hex, visit.hex, begun)
