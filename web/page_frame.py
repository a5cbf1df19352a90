"""What every page's frame shows: who is signed in, which lists they may open, what waits for them."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_babel import get_translations
from formloom.i18n import localized
from markupsafe import Markup

from web.context import services, transaction
from web.identity import Identity, current_identity
from web.islands import inert_json
from web.locales import current_locale

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class MenuForm:
    """A list in the navigation."""

    key: str
    title: str
    icon: str | None


@dataclass(frozen=True, slots=True)
class Nav:
    """The frame's own data; one small transaction a page."""

    person_id: int
    name: str
    is_admin: bool
    forms: tuple[MenuForm, ...] = ()
    todo: int = 0
    unread: int = 0


def init_frame(app: Flask) -> None:
    """Give templates the reader's locale and theme, and ``nav`` on pages of signed-in people."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        theme = request.cookies.get("theme")
        return {
            "locale": current_locale(),
            "theme": theme if theme in THEMES else None,
            "demo": app.config["DEMO"],
            "here": request.full_path.rstrip("?"),
            "section": (request.view_args or {}).get("form"),
        }

    app.jinja_env.globals.update(client_messages=client_messages, load_nav=load_nav)
    app.jinja_env.filters["face"] = face


def load_nav() -> Nav:
    """The navigation of the person who is signed in."""
    identity = current_identity()
    if identity is None:
        return Nav(0, "", is_admin=False)
    return _nav_of(identity)


def _nav_of(identity: Identity) -> Nav:
    locale = current_locale()
    with transaction() as session:
        frame = services().pages.frame(session, identity)
    return Nav(
        person_id=identity.person_id,
        name=identity.name,
        is_admin="admin" in identity.roles,
        forms=tuple(MenuForm(form.key, localized(form.title, locale), form.icon) for form in frame.forms),
        todo=frame.todo,
        unread=frame.unread,
    )


def face(name: str) -> str:
    """What an avatar shows: the last character of a Chinese name, the initial of another."""
    stripped = name.strip()
    if not stripped:
        return "?"
    return stripped[0].upper() if stripped[0].isascii() else stripped[-1]


def client_messages() -> Markup:
    """The words that the page's script may say, in the reader's language, as inert JSON."""
    if current_locale() == "en":
        return inert_json({})
    return inert_json(services().client_words(get_translations()))
