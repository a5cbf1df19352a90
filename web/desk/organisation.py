"""What the pages of people, roles and departments show."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from formloom import people
from formloom.clock import app_now
from formloom.i18n import LOCALES, localized
from formloom.people import absences
from sqlalchemy.orm import Session

from form_engine.definitions_store.naming import naming_role
from web.context import services
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext

A_PAGE = 50
KIND = {
    "app": N_("App"),
    "calendar": N_("Calendar"),
    "document": N_("Document"),
    "flow": N_("Flow"),
    "form": N_("Form"),
    "import": N_("Import"),
    "role": N_("Role"),
    "view": N_("View"),
}
"""What a kind of definition is called."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose; ``depth`` indents it in a tree."""

    value: str
    title: str
    chosen: bool = False
    depth: int = 0


def people_page(session: Session, asked: Mapping[str, str], after: str | None) -> Json:
    """Those who were asked for, by name: who they are, what they hold, what waits for them; ``following`` is the cursor
    of the next page."""
    department = asked["department"]
    wanted = people.Wanted(
        q=asked["q"] or None,
        role=asked["role"] or None,
        department=int(department) if department else None,
        state=asked["state"] or None,
    )
    found = people.listing(session, wanted, after=_place(after), limit=A_PAGE + 1)
    page = found[:A_PAGE]
    ids = [one.id for one in page]
    waiting = services().flows.seating.waiting(session, ids)
    away = absences.away_now(session, ids, "", app_now(session))
    held = people.roles_of_all(session, ids)
    homes = people.department_names(session, [one.department_id for one in page if one.department_id], current_locale())
    titles = role_titles(session)
    lines = [
        {
            "id": one.id,
            "name": one.name,
            "login": one.login,
            "disabled": one.disabled_at is not None,
            "away": one.id in away,
            "tasks": waiting.get(one.id, 0),
            "roles": [titles.get(key, key) for key in held.get(one.id, ())],
            "department": homes.get(one.department_id) if one.department_id else None,
            "no_password": one.password_hash is None,
        }
        for one in page
    ]
    following = _cursor(page[-1].name, page[-1].id) if len(found) > A_PAGE else None
    return {"people": lines, "asked": asked, "following": following, **choices(session, asked["role"], department)}


def choices(session: Session, role: str = "", department: str = "") -> Json:
    """The roles and departments to choose from."""
    return {
        "roles": [Choice(key, title, key == role) for key, title in role_titles(session).items()],
        "departments": departments_to_choose(session, department),
    }


def departments_to_choose(session: Session, chosen: str = "", without: int | None = None) -> list[Choice]:
    """The tree, as a list that is indented; not what lies at or below ``without``."""
    found, left_out = [], set[int]()
    for one in people.tree(session):
        if one.id == without or one.parent in left_out:
            left_out.add(one.id)
            continue
        title = localized(one.title, current_locale())
        found.append(Choice(str(one.id), title, str(one.id) == chosen, one.depth))
    return found


def role_titles(session: Session) -> dict[str, str]:
    """What the roles are called, by key."""
    return {key: localized(title, current_locale()) for key, (title, _) in people.all_roles(session).items()}


def roles_page(session: Session) -> Json:
    """Every role: its words in both languages, who holds it, and what speaks of it."""
    lines = [
        {
            "key": key,
            "title": localized(title, current_locale()),
            "words": _words(title),
            "people": count,
            "needed": key == people.ADMIN,
            "named_by": [
                (gettext(KIND.get(one.kind, one.kind)), localized(one.title, current_locale()))
                for one in naming_role(session, key)
            ],
        }
        for key, (title, count) in people.all_roles(session).items()
    ]
    return {"roles": lines, "languages": LOCALES}


def departments_page(session: Session) -> Json:
    """The tree: words, head, size, and where each may be moved to."""
    nodes = people.tree(session)
    heads = people.names(session, [one.manager for one in nodes if one.manager])
    lines = [
        {
            "id": one.id,
            "key": one.key,
            "title": localized(one.title, current_locale()),
            "words": _words(one.title),
            "parent": one.parent,
            "manager": one.manager,
            "head": heads.get(one.manager) if one.manager else None,
            "depth": one.depth,
            "people": one.people,
            "places": departments_to_choose(session, str(one.parent or ""), one.id),
        }
        for one in nodes
    ]
    return {"departments": lines, "everywhere": departments_to_choose(session), "languages": LOCALES}


def said(form: Mapping[str, str]) -> dict[str, str]:
    """The words that a form gives for a title, language by language; a language left empty is not said."""
    told = {locale: form.get(f"title_{locale}", "").strip()[:200] for locale in LOCALES}
    return {locale: words for locale, words in told.items() if words}


def _words(title: Mapping[str, str]) -> dict[str, str]:
    return {locale: title.get(locale, "") for locale in LOCALES}


def _cursor(name: str, person_id: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([name, person_id])).decode()


def _place(cursor: str | None) -> tuple[str, int] | None:
    """Where a page ended; what is no cursor of ours begins at the first page."""
    if not cursor:
        return None
    try:
        name, person_id = orjson.loads(base64.urlsafe_b64decode(cursor))
        return str(name), int(person_id)
    except (ValueError, TypeError):
        return None
