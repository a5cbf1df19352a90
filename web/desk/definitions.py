"""The life of definitions of any kind: drafts, their problems, versions, publishing, going back."""

from collections.abc import Iterable, Mapping
from typing import Any

from formloom.access import Identity
from formloom.errors import Conflict, InvalidInput, Issue
from sqlalchemy.orm import Session

from form_engine.definitions_store import DefinitionStore
from form_engine.evolution.differences import differences
from web.context import services
from web.desk.history import actor_name
from web.identity import actor_of
from web.words import sentence

CODES = ("definition_exists", "unknown_version")

Body = dict[str, Any]
KINDS: Mapping[str, str] = {
    "forms": "form",
    "flows": "flow",
    "views": "view",
    "roles": "role",
    "calendars": "calendar",
    "documents": "document",
}
"""What addresses say, and the kind that it means."""


def store_of(kinds: str) -> DefinitionStore[Any]:
    """The store of what an address calls `forms`, `flows` and so on."""
    return services().stores.of_kind(KINDS[kinds])


def all_json(session: Session, store: DefinitionStore[Any]) -> list[Body]:
    """Every definition of the kind, live or only begun."""
    return [
        {
            "key": one.key,
            "live_version": one.live_version,
            "revision": one.draft_revision,
            "changed": one.draft is not None,
            "app": one.app,
        }
        for one in store.rows(session)
    ]


def draft_json(session: Session, store: DefinitionStore[Any], key: str) -> Body:
    """``{definition, live, revision, live_version, problems}``; the live definition where no draft was saved."""
    draft = store.draft(session, key)
    return {
        "definition": draft.definition,
        "live": store.body(session, key) if draft.live_version else None,
        "revision": draft.revision,
        "live_version": draft.live_version,
        "changed": draft.changed,
        "problems": problems_json(store.problems(session, key, draft.definition)),
    }


def problems_json(problems: Iterable[Issue]) -> list[Body]:
    """What stands in the way of publishing, in words."""
    return [{"pointer": one.pointer, "code": one.code, "detail": sentence(one.code, one.params)} for one in problems]


def begin(session: Session, identity: Identity, store: DefinitionStore[Any], definition: Body) -> Body:
    """The first draft under the key that the definition names. Raises InvalidInput for a key that is none, Conflict
    for one that is taken.
    """
    key = definition.get("key")
    if not isinstance(key, str) or not _is_key(key):
        raise InvalidInput("invalid_input", issues=(Issue("/definition/key", "bad_format"),))
    if store.exists(session, key):
        raise Conflict("definition_exists", {"key": key})
    store.save_draft(session, key, definition, actor_of(identity))
    return draft_json(session, store, key)


def save(
    session: Session, identity: Identity, store: DefinitionStore[Any], key: str, definition: Body, revision: int | None
) -> Body:
    """Keep a draft; it may have problems, which stand in the answer. Conflict names whose changes are in the way."""
    store.draft(session, key)  # raises NotFound: a draft begins by `begin`
    try:
        store.save_draft(session, key, definition, actor_of(identity), revision=revision)
    except Conflict as error:
        by = str(error.params.get("by", ""))
        raise Conflict(error.code, {**error.params, "by_name": actor_name(session, by)}) from None
    return draft_json(session, store, key)


def discard(session: Session, identity: Identity, store: DefinitionStore[Any], key: str, revision: int | None) -> None:
    """Go back to what is live."""
    store.discard_draft(session, key, actor_of(identity), revision=revision)


def check_json(session: Session, store: DefinitionStore[Any], key: str, definition: Body | None) -> Body:
    """Every problem of a definition; of the draft, where none is given."""
    found = store.draft(session, key).definition if definition is None else definition
    return {"problems": problems_json(store.problems(session, key, found))}


def publish(
    session: Session, identity: Identity, store: DefinitionStore[Any], key: str, revision: int | None, note: str
) -> Body:
    """Make the draft what everybody works with. Raises InvalidDefinition with every problem."""
    version = store.publish(session, key, actor_of(identity), revision=revision, note=note)
    return {**draft_json(session, store, key), "version": version}


def roll_back(
    session: Session,
    identity: Identity,
    store: DefinitionStore[Any],
    key: str,
    revision: int | None,
    version: int,
    note: str,
) -> Body:
    """Publish what an earlier version was. Raises Conflict `draft_in_the_way` while somebody works on a draft."""
    draft, body = store.draft(session, key), store.body(session, key, version)
    store.hold(session, key, revision)
    if draft.changed:
        raise Conflict("draft_in_the_way", {"key": key})
    saved = store.save_draft(session, key, body, actor_of(identity), revision=draft.revision)
    return publish(session, identity, store, key, saved, note or f"= {version}")


def versions_json(session: Session, store: DefinitionStore[Any], key: str) -> list[Body]:
    """All published versions, the latest first."""
    live = store.live_versions(session).get(key)
    return [
        {
            "version": one.version,
            "live": one.version == live,
            "note": one.note,
            "published_at": one.published_at.isoformat(),
            "published_by": actor_name(session, one.published_by),
        }
        for one in store.versions(session, key)
    ]


def version_json(session: Session, store: DefinitionStore[Any], key: str, version: int) -> Body:
    """One version as it was published. Raises NotFound."""
    return {"version": version, "definition": store.body(session, key, version)}


def diff_json(session: Session, store: DefinitionStore[Any], key: str, old: str, new: str) -> Body:
    """What differs between two of: a version's number, `live`, `draft`."""
    before, after = (body_of(store, session, key, which, at) for which, at in ((old, "/from"), (new, "/to")))
    found = [{"at": one.at, "kind": one.kind, "old": one.old, "new": one.new} for one in differences(before, after)]
    return {"from": old, "to": new, "same": not found, "differences": found}


def body_of(store: DefinitionStore[Any], session: Session, key: str, which: str, at: str) -> Body:
    """The definition that a version's number, `live` or `draft` names."""
    if which == "draft":
        return store.draft(session, key).definition
    if which == "live":
        return store.body(session, key)
    if not (which.isascii() and which.isdigit() and len(which) < 10):
        raise InvalidInput("invalid_query", issues=(Issue(at, "unknown_version"),))
    return store.body(session, key, int(which))


def _is_key(key: str) -> bool:
    plain = key.isascii() and key.replace("_", "a").isalnum() and key.islower() and key[0].isalpha()
    return plain and len(key) <= 63
