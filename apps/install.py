"""Installs a bundle into a workspace: everything is checked before anything is live, in the caller's transaction."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from formloom.errors import Conflict, InvalidDefinition, Issue
from formloom.people import ensure_role
from sqlalchemy import select
from sqlalchemy.orm import Session

from apps.bundle import FOLDERS, Bundle, Raw
from apps.canonical import canonical_text
from apps.enclosures import portable, settle
from apps.stores import Stores
from form_engine.models import Definition
from form_engine.records.actor import Actor

CODES = ("bundle_invalid", "app_newer_installed", "app_required", "key_taken", "changed_here")


@dataclass(frozen=True, slots=True)
class Installed:
    """What an install did: versions by kind and key, of those definitions that changed."""

    app: str
    version: str
    published: Mapping[str, Mapping[str, int]]

    @property
    def changed(self) -> bool:
        return any(self.published.values())


def install(session: Session, stores: Stores, bundle: Bundle, actor: Actor) -> Installed:
    """Publish what the bundle says and the workspace does not say yet; the version that is there changes nothing.

    Raises InvalidDefinition whose issues point to `/forms/payment/fields/3`; Conflict where a newer version is
    installed, another app is needed first, a key belongs to somebody else, or the workspace and the new version have
    both changed a definition.
    """
    there = stores.apps.body(session, bundle.key) if bundle.key in stores.apps.keys(session) else None
    if there is not None and there["version"] == bundle.version:
        return Installed(bundle.key, bundle.version, {})
    if there is not None and _order(there["version"]) > _order(bundle.version):
        raise Conflict("app_newer_installed", {"app": bundle.key, "version": there["version"]})
    for needed in bundle.app.get("requires", ()):
        if needed not in stores.apps.keys(session):
            raise Conflict("app_required", {"app": needed})
    _keys_are_free(session, bundle)
    base: Mapping[str, str] = there["installed"] if there is not None else {}
    stood = stores.forms.broken(session, stores.forms.forms(session))
    published = {kind: _publish(session, stores, bundle, kind, base, actor) for kind in FOLDERS}
    _others_still_fit(session, stores, bundle, stood)
    body = {**bundle.app, "installed": digests(bundle)}
    stores.apps.publish_together(session, {bundle.key: body}, actor, app=bundle.key, note=bundle.version)
    return Installed(bundle.key, bundle.version, published)


def digests(bundle: Bundle) -> dict[str, str]:
    """A digest of every definition of the bundle, by `kind/key`: later the base that tells whose change is whose."""
    return {f"{kind}/{key}": _digest(raw) for kind in FOLDERS for key, raw in sorted(bundle.of_kind(kind).items())}


def _digest(raw: Raw) -> str:
    return hashlib.sha256(canonical_text(dict(raw)).encode()).hexdigest()


def _publish(
    session: Session, stores: Stores, bundle: Bundle, kind: str, base: Mapping[str, str], actor: Actor
) -> Mapping[str, int]:
    """All of one kind together: their links may be mutual.

    What only the workspace changed since `base` was installed stays; what both changed nobody overwrites.
    """
    store = stores.of_kind(kind)
    live = {key: store.body(session, key) for key in store.keys(session) if key in bundle.of_kind(kind)}
    if kind == "document":
        live = {key: portable(session, stores.files, body)[0] for key, body in live.items()}
    changed: dict[str, dict[str, Any]] = {}
    for key, raw in bundle.of_kind(kind).items():
        before = base.get(f"{kind}/{key}")
        if key in live and (live[key] == dict(raw) or _digest(raw) == before):
            continue
        if key in live and before is not None and _digest(live[key]) != before:
            raise Conflict("changed_here", {"kind": kind, "key": key, "app": bundle.key})
        changed[key] = dict(raw)
    if not changed:
        return {}
    if kind == "document":
        around = (session, stores.documents, stores.files)
        changed = {key: settle(*around, raw, bundle.beside, actor) for key, raw in changed.items()}
    try:
        note = f"{bundle.key} {bundle.version}"
        versions = store.publish_together(session, changed, actor, app=bundle.key, note=note)
    except InvalidDefinition as error:
        issues = tuple(Issue(f"/{FOLDERS[kind]}{issue.pointer}", issue.code, issue.params) for issue in error.issues)
        raise InvalidDefinition("bundle_invalid", {"app": bundle.key, "kind": kind}, issues) from error
    if kind == "role":
        for key, raw in changed.items():
            ensure_role(session, key, _title(raw))
    return versions


def _others_still_fit(session: Session, stores: Stores, bundle: Bundle, stood: Collection[tuple[str, str]]) -> None:
    """Flows and views of others that speak of this app's forms; what did not fit before is not its fault."""
    broken = stores.forms.broken(session, stores.forms.forms(session))
    issues = tuple(
        Issue("/forms", f"breaks_{kind}", {"key": key, "at": issue.pointer, "why": issue.code})
        for (kind, key), issue in broken.items()
        if (kind, key) not in stood
    )
    if issues:
        raise InvalidDefinition("bundle_invalid", {"app": bundle.key, "kind": "form"}, issues)


def _keys_are_free(session: Session, bundle: Bundle) -> None:
    """A key belongs to the app that brought it, or to the workspace that made it: nobody's work is overwritten."""
    for kind in FOLDERS:
        statement = select(Definition.key, Definition.app).where(
            Definition.kind == kind, Definition.key.in_(bundle.of_kind(kind))
        )
        for key, app in session.execute(statement):
            if app != bundle.key and kind != "role":
                raise Conflict("key_taken", {"kind": kind, "key": key, "app": app})


def _title(raw: Raw) -> Mapping[str, str]:
    title = raw["title"]
    return {"en": title} if isinstance(title, str) else title


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
