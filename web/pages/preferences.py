"""Language and theme: two cookies, set by a POST because it changes something."""

from flask import Blueprint, redirect, request
from formloom.i18n import LOCALES
from werkzeug.wrappers import Response

from web.identity import cookies_are_secure
from web.local_url import local_path
from web.page_frame import THEMES
from web.policies import policy, public

pages = Blueprint("preferences", __name__)
YEAR = 31_536_000


@pages.post("/preferences")
@policy(public)
def change() -> Response:
    """Set ``lang`` or ``theme`` and go back; unknown values are ignored."""
    response = redirect(local_path(request.form.get("next")), code=303)
    lang, theme = request.form.get("lang"), request.form.get("theme")
    if lang in LOCALES:
        _set(response, "lang", lang)
    if theme in THEMES:
        _set(response, "theme", theme)
    elif theme == "system":
        response.delete_cookie("theme", samesite="Lax")
    return response


def _set(response: Response, name: str, value: str) -> None:
    # The page's script changes the theme without a reload, so this cookie is not HttpOnly; it holds no secret.
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=cookies_are_secure(), httponly=name == "lang")
