"""Administration of forms: the list, and the page of one."""

from dataclasses import dataclass
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from web.context import services
from web.desk.definitions import draft_json
from web.locales import current_locale


@dataclass(frozen=True, slots=True)
class AdminForm:
    """A line of the list of forms."""

    key: str
    title: str
    version: int
    fields: int
    changed: bool


def admin_forms(session: Session) -> tuple[AdminForm, ...]:
    """All live forms, and whether their drafts differ."""
    store, locale = services().forms, current_locale()
    forms = store.forms(session)
    return tuple(
        AdminForm(
            key,
            localized(form.definition.title, locale),
            form.version,
            len(form.definition.fields),
            store.draft(session, key).changed,
        )
        for key, form in forms.items()
    )


def admin_form(session: Session, identity: Identity, key: str) -> dict[str, Any]:
    """The props of the island ``designer``, and what stands around it."""
    state = draft_json(session, services().forms, key)
    locale = current_locale()
    props = {"form": key, "locale": locale, "url": f"/api/v1/definitions/forms/{key}", "state": state}
    title = _title(state["definition"], locale) or key
    return {"title": title, "published": state["live_version"] is not None, "props": props}


def _title(definition: dict[str, Any], locale: str) -> str:
    """What a draft calls its form; empty where it is nothing that can be shown, for a draft may be wrong."""
    words = definition.get("title")
    known = words.values() if isinstance(words, dict) else (words,)
    return localized(words, locale) if words and all(isinstance(each, str) for each in known) else ""
