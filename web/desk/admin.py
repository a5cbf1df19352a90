"""Administration of forms: drafts, their problems, publishing."""

from dataclasses import dataclass
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.records.actor import Actor
from web.context import services
from web.locales import current_locale
from web.words import sentence


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
    """The props of the island ``form-admin``."""
    state = draft_json(session, key)
    locale = current_locale()
    props = {
        "form": key,
        "locale": locale,
        "draft_url": f"/api/v1/definitions/form/{key}/draft",
        "publish_url": f"/api/v1/definitions/form/{key}/publish",
        "state": state,
    }
    return {"title": _title(state["definition"], locale) or key, "props": props}


def _title(definition: dict[str, Any], locale: str) -> str:
    """What a draft calls its form; empty where it is nothing that can be shown, for a draft may be wrong."""
    words = definition.get("title")
    known = words.values() if isinstance(words, dict) else (words,)
    return localized(words, locale) if words and all(isinstance(each, str) for each in known) else ""


def draft_json(session: Session, key: str) -> dict[str, Any]:
    """``{definition, live, revision, live_version, problems}``; the live definition where no draft was saved."""
    store = services().forms
    draft = store.draft(session, key)
    return {
        "definition": draft.definition,
        "live": store.body(session, key) if draft.live_version else None,
        "revision": draft.revision,
        "live_version": draft.live_version,
        "problems": [
            {"pointer": one.pointer, "code": one.code, "detail": sentence(one.code, one.params)}
            for one in store.problems(session, key, draft.definition)
        ],
    }


def save_form_draft(
    session: Session, identity: Identity, key: str, definition: dict[str, Any], revision: int | None
) -> dict[str, Any]:
    """Keep a draft; it may have problems, which stand in the answer."""
    services().forms.save_draft(session, key, definition, _actor(identity), revision=revision)
    return draft_json(session, key)


def publish_form(session: Session, identity: Identity, key: str, revision: int | None) -> dict[str, Any]:
    """Publish the saved draft; InvalidDefinition names every problem."""
    version = services().forms.publish(session, key, _actor(identity), revision=revision)
    return {**draft_json(session, key), "version": version}


def _actor(identity: Identity) -> Actor:
    return Actor.person(identity.person_id, identity.roles, identity.name)
