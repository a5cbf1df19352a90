"""What every page's frame shows: who is signed in, which lists they may open, what waits for them."""

import gettext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from flask import Flask, request
from formloom.i18n import FOLDERS, localized
from markupsafe import Markup
from sqlalchemy.orm import Session

from web.desk import frame
from web.identity import me
from web.islands import inert_json
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext as gettext_
from web.translations import FOLDER as TRANSLATIONS

THEMES = ("light", "dark")
HOME, INBOX, ADMINISTRATION = N_("Home"), N_("Inbox"), N_("Administration")


@dataclass(frozen=True, slots=True)
class MenuForm:
    """A list in the navigation."""

    key: str
    title: str
    icon: str | None


@dataclass(frozen=True, slots=True)
class Nav:
    """The frame's own data."""

    person_id: int
    name: str
    is_admin: bool
    forms: tuple[MenuForm, ...] = ()
    todo: int = 0
    unread: int = 0
    notifications: tuple[frame.Note, ...] = ()
    now: datetime | None = None


def init_frame(app: Flask) -> None:
    """Give templates the reader's locale and theme, and ``nav`` on pages of signed-in people."""

    @app.context_processor
    def surroundings() -> dict[str, Any]:
        theme = request.cookies.get("theme")
        return {
            "locale": current_locale(),
            "theme": theme if theme in THEMES else None,
            "demo": app.config["DEMO"],
            "here": request.full_path.rstrip("?"),
            "section": (request.view_args or {}).get("form") if request.blueprint == "lists" else None,
        }

    app.jinja_env.globals.update(client_messages=client_messages, destinations=destinations)
    app.jinja_env.filters["face"] = face


def load_nav(session: Session) -> Nav:
    """The navigation of the person who is signed in."""
    identity, locale = me(), current_locale()
    forms, figures = frame.listable_forms(session, identity), frame.badges(session, identity)
    notes = frame.notifications(session, identity)
    return Nav(
        person_id=identity.person_id,
        name=identity.name,
        is_admin="admin" in identity.roles,
        forms=tuple(
            MenuForm(form.key, localized(form.definition.title, locale), form.definition.icon) for form in forms
        ),
        todo=figures["inbox"]["todo"],
        unread=figures["notifications"],
        notifications=notes.items,
        now=notes.now,
    )


def face(name: str) -> str:
    """What an avatar shows: the last character of a Chinese name, the initial of another."""
    stripped = name.strip()
    if not stripped:
        return "?"
    return stripped[0].upper() if stripped[0].isascii() else stripped[-1]


def client_messages() -> Markup:
    """The words that the page's script may say, in the reader's language, as inert JSON."""
    return inert_json(_client_words(current_locale()))


@cache
def _client_words(locale: str) -> dict[str, str]:
    """The part of the catalogue that scripts use, compiled to a file of its own (``client.mo``)."""
    words: Any = gettext.translation("client", TRANSLATIONS, [FOLDERS.get(locale, locale)], fallback=True)
    found = getattr(words, "_catalog", {})
    return {
        message: text for message, text in found.items() if message and isinstance(message, str) and text != message
    }


def destinations(nav: Nav) -> Markup:
    """What “Go to …” offers."""
    lists = [{"title": form.title, "href": f"/forms/{form.key}", "icon": form.icon or "form"} for form in nav.forms]
    fixed = [
        {"title": gettext_(HOME), "href": "/", "icon": "home"},
        {"title": gettext_(INBOX), "href": "/inbox", "icon": "inbox"},
    ]
    admin = [{"title": gettext_(ADMINISTRATION), "href": "/admin", "icon": "settings"}] if nav.is_admin else []
    return inert_json([*fixed, *lists, *admin])
