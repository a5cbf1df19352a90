"""Administration of forms: drafts, their problems, publishing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from formloom.access import Identity
from formloom.errors import Conflict, Issue
from formloom.i18n import localized
from sqlalchemy.orm import Session

from web.context import services
from web.desk.history import actor_name
from web.identity import actor_of
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
        "draft_url": f"/api/v1/definitions/forms/{key}/draft",
        "publish_url": f"/api/v1/definitions/forms/{key}/publish",
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
        "changed": draft.changed,
        "problems": problems_json(store.problems(session, key, draft.definition)),
    }


def problems_json(problems: Iterable[Issue]) -> list[dict[str, Any]]:
    """What stands in the way of publishing, in words."""
    return [{"pointer": one.pointer, "code": one.code, "detail": sentence(one.code, one.params)} for one in problems]


def drafts_json(session: Session) -> list[dict[str, Any]]:
    """Every form, live or only begun."""
    return [
        {
            "key": one.key,
            "live_version": one.live_version,
            "revision": one.draft_revision,
            "changed": one.draft is not None,
            "app": one.app,
        }
        for one in services().forms.rows(session)
    ]


def save_form_draft(
    session: Session, identity: Identity, key: str, definition: dict[str, Any], revision: int | None
) -> dict[str, Any]:
    """Keep a draft; it may have problems, which stand in the answer. Conflict names whose changes are in the way."""
    try:
        services().forms.save_draft(session, key, definition, actor_of(identity), revision=revision)
    except Conflict as error:
        by = str(error.params.get("by", ""))
        raise Conflict(error.code, {**error.params, "by_name": actor_name(session, by)}) from None
    return draft_json(session, key)
