"""Administration of forms: the list, and the page of one."""

from dataclasses import dataclass
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from apps.form_templates import form_templates
from web.context import services
from web.desk.definitions import draft_json
from web.locales import current_locale


@dataclass(frozen=True, slots=True)
class AdminForm:
    """A line of the list of forms; `version` 0: not published yet."""

    key: str
    title: str
    version: int
    fields: int
    changed: bool


def admin_forms(session: Session) -> tuple[AdminForm, ...]:
    """All forms, those that were only begun too (version 0), and whether their drafts differ."""
    store, locale = services().forms, current_locale()
    live = store.forms(session)
    found = []
    for row in store.rows(session):
        form = live.get(row.key)
        if form is not None:
            title, version, fields = localized(form.definition.title, locale), form.version, len(form.fields)
        elif row.draft is not None and not row.live_version:
            listed = row.draft.get("fields")
            title, version = _title(row.draft, locale) or row.key, 0
            fields = len(listed) if isinstance(listed, list) else 0
        else:
            continue  # retired
        found.append(AdminForm(row.key, title, version, fields, row.draft is not None))
    return tuple(found)


def admin_form(session: Session, identity: Identity, key: str) -> dict[str, Any]:
    """The props of the island ``designer``, and what stands around it."""
    state = draft_json(session, services().forms, key)
    locale = current_locale()
    props = {"form": key, "locale": locale, "url": f"/api/v1/definitions/forms/{key}", "state": state}
    title = _title(state["definition"], locale) or key
    return {"title": title, "published": state["live_version"] is not None, "props": props}


def form_start(session: Session) -> dict[str, Any]:
    """The props of the island ``form-start``: templates, live forms to begin like, and the keys that are taken."""
    store, locale = services().forms, current_locale()
    return {
        "locale": locale,
        "url": "/api/v1/definitions/forms",
        "infer_url": "/api/v1/forms/infer",
        "templates": [{"key": each["key"], "definition": each} for each in form_templates()],
        "forms": [
            {"key": key, "title": localized(form.definition.title, locale)}
            for key, form in store.forms(session).items()
        ],
        "taken": [row.key for row in store.rows(session)],
    }


def _title(definition: dict[str, Any], locale: str) -> str:
    """What a draft calls its form; empty where it is nothing that can be shown, for a draft may be wrong."""
    words = definition.get("title")
    known = words.values() if isinstance(words, dict) else (words,)
    return localized(words, locale) if words and all(isinstance(each, str) for each in known) else ""
