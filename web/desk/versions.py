"""What forms have beyond other definitions: differences in words, and what publishing does to their records."""

from collections.abc import Callable, Iterable
from typing import Any

from formloom.access import Identity
from formloom.i18n import LOCALES, localized
from sqlalchemy.orm import Session

from form_engine.definitions_store.evolve import Effects, effects_of
from form_engine.definitions_store.publishing import Published, publish, roll_back
from form_engine.evolution.diff import Change, diff_forms
from form_engine.evolution.records import FieldReport
from web.context import services
from web.desk.definitions import body_of, draft_json, problems_json
from web.identity import actor_of
from web.phrases.versions import CHANGES, PARTS
from web.words import sentence

Body = dict[str, Any]
Say = Callable[[str], str]
_GROUPS = {"added", "removed", "changed", "renamed", "retyped", "moved"}


def diff_json(session: Session, key: str, old: str, new: str) -> Body:
    """What differs between two of: a version's number, `live`, `draft`."""
    before, after = (body_of(services().forms, session, key, which, at) for which, at in ((old, "/from"), (new, "/to")))
    changes = diff_forms(before, after)
    fields: dict[str, list[Body]] = {group: [] for group in sorted(_GROUPS)}
    rest: dict[str, list[Body]] = {"rule": [], "access": [], "section": [], "form": []}
    for change in changes:
        told = {"key": change.key, "what": change.what, "old": change.old, "new": change.new}
        if change.subject == "field":
            fields[change.kind].append(told)
        else:
            rest[change.subject].append({"kind": change.kind, **told})
    names = {**field_names(before), **field_names(after)}
    translate = services().catalogues.translate
    words = {locale: [tell(one, names, locale, translate) for one in changes] for locale in LOCALES}
    return {
        "from": old,
        "to": new,
        "same": not changes,
        "fields": fields,
        "rules": rest["rule"],
        "access": rest["access"],
        "sections": rest["section"],
        "form": rest["form"],
        "words": words,
    }


def field_names(body: Body) -> dict[str, Any]:
    """By path: what the fields of a definition are called, in every language they speak."""
    found: dict[str, Any] = {}
    for each in _dicts(body.get("fields")):
        key = str(each.get("key"))
        found[key] = each.get("label") or key
        found |= {f"{key}.{sub.get('key')}": sub.get("label") or sub.get("key") for sub in _dicts(each.get("fields"))}
    return found


def tell(change: Change, names: Body, locale: str, translate: Callable[[str, str], str]) -> str:
    """One difference in words."""
    section = change.old if change.old is not None else change.new
    heading = section.get("section") if change.subject == "section" and isinstance(section, dict) else None
    said = {
        "name": _words(heading or names.get(change.key) or change.key, locale),
        "what": translate(PARTS[change.what], locale) if change.what in PARTS else change.what,
        "old": _words(_core(change, change.old), locale),
        "new": _words(_core(change, change.new), locale),
    }
    return translate(CHANGES[change.subject, change.kind], locale) % said


def _core(change: Change, value: Any) -> Any:
    return value.get("assert") if change.subject == "rule" and isinstance(value, dict) and "assert" in value else value


def _words(value: Any, locale: str) -> str:
    if isinstance(value, dict) and value and all(isinstance(each, str) for each in value.values()):
        return localized(value, locale)
    return "" if value is None else str(value)


def _dicts(value: Any) -> Iterable[Body]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def effects_json(session: Session, key: str) -> Body:
    """What publishing the draft would do now."""
    store = services().forms
    draft = store.draft(session, key)
    return {
        "revision": draft.revision,
        "changed": draft.changed,
        **_effects(effects_of(store, session, key, draft.definition)),
    }


def check_json(session: Session, key: str, definition: Body | None) -> Body:
    """Whether a definition (the draft, where none is given) could be published, and what that would do."""
    store = services().forms
    draft = store.draft(session, key)
    return _effects(effects_of(store, session, key, draft.definition if definition is None else definition))


def _effects(found: Effects) -> Body:
    report = found.report
    fields = report.fields.values() if report is not None else ()
    return {
        "problems": problems_json(found.problems),
        "records": found.records,
        "running": found.running,
        "as_job": found.as_job,
        "slots": list(found.slots),
        "removed": [{"field": key, "records": count} for key, count in (found.removed or {}).items()],
        "conversions": [_conversion(each) for each in fields],
        "concerned": found.concerned,
        "looked_at": report.seen if report is not None else 0,
        "held": report.held[:20] if report is not None else [],
    }


def _conversion(report: FieldReport) -> Body:
    step = report.conversion
    samples = [
        {"record": record, "path": lost.path, "old": lost.old, "why": sentence(lost.why, {})}
        for record, lost in report.samples
    ]
    return {
        "field": step.target,
        "was": step.source,
        "from": step.old.type.name,
        "to": step.new.type.name,
        "possible": step.way is not None,
        "records": report.records,
        "lost": report.lost,
        "samples": samples,
    }


def publish_form(session: Session, identity: Identity, key: str, revision: int | None, asked: Body) -> tuple[int, Body]:
    """Publish the saved draft; InvalidDefinition names every problem. Where many records must change: a job."""
    given = {"revision": revision, "note": asked["note"], "accept_loss": asked["accept_loss"]}
    return _answer(session, key, publish(session, services().forms, key, actor_of(identity), **given))


def roll_back_form(
    session: Session, identity: Identity, key: str, revision: int | None, asked: Body
) -> tuple[int, Body]:
    """Publish what an earlier version was."""
    given = {"revision": revision, "note": asked["note"], "accept_loss": asked["accept_loss"]}
    done = roll_back(session, services().forms, key, asked["version"], actor_of(identity), **given)
    return _answer(session, key, done)


def _answer(session: Session, key: str, done: Published) -> tuple[int, Body]:
    body = {**draft_json(session, services().forms, key), "version": done.version, "job": done.job}
    return (200 if done.job is None else 202), body
