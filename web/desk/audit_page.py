"""The audit log in words: who, what, to what, when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from formloom import audit, people
from formloom.clock import time_zone
from formloom.models import AuditEntry
from sqlalchemy.orm import Session

from web.phrases.marking import N_
from web.speech import gettext

A_PAGE = 50
GROUPS = {
    "login": N_("Logged in"),
    "login_failed": N_("Could not log in"),
    "logout": N_("Logged out"),
    "password_": N_("Passwords"),
    "person.": N_("Accounts"),
    "role.": N_("Roles"),
    "department.": N_("Departments"),
    "token.": N_("API tokens"),
    "workspace.": N_("Settings"),
    "definition.": N_("Definitions"),
    "record.": N_("Records"),
    "run.": N_("Runs"),
    "task.": N_("Decisions"),
    "timer.": N_("Timers"),
    "absence.": N_("Absences"),
    "connection.": N_("Connections"),
    "hook.": N_("Webhook keys"),
    "message.": N_("Messages"),
}
"""What one may look for; what ends in a dot is all that begins so."""
WORDS = {
    "login": N_("logged in"),
    "login_failed": N_("could not log in"),
    "logout": N_("logged out"),
    "password_reset_asked": N_("asked for a new password"),
    "password_reset": N_("chose a new password"),
    "person.created": N_("opened an account"),
    "person.changed": N_("changed an account"),
    "person.invited": N_("sent a link for a password"),
    "person.logged_out": N_("logged somebody out"),
    "person.disabled": N_("shut an account"),
    "person.enabled": N_("opened an account again"),
    "role.created": N_("added a role"),
    "role.renamed": N_("renamed a role"),
    "role.removed": N_("removed a role"),
    "department.created": N_("added a department"),
    "department.changed": N_("changed a department"),
    "department.removed": N_("removed a department"),
    "token.created": N_("made an API token"),
    "token.revoked": N_("revoked an API token"),
    "workspace.changed": N_("changed settings"),
    "definition.published": N_("published"),
    "definition.retired": N_("retired"),
    "definition.revived": N_("put into use again"),
    "record.purged": N_("removed for ever"),
    "run.started": N_("started a run"),
    "run.resumed": N_("went on"),
    "run.withdrawn": N_("withdrew"),
    "run.urged": N_("urged"),
    "run.cancel": N_("cancelled a run"),
    "run.incident": N_("an incident"),
    "run.event": N_("an event"),
    "timer.fired": N_("a timer fired"),
    "task.approve": N_("approved"),
    "task.reject": N_("rejected"),
    "task.return": N_("returned"),
    "task.submit": N_("submitted"),
    "task.accept": N_("accepted"),
    "task.decline": N_("declined"),
    "task.take_back": N_("took back"),
    "absence.declared": N_("noted an absence"),
    "absence.called_off": N_("called off an absence"),
    "connection.added": N_("added a connection"),
    "connection.changed": N_("changed a connection"),
    "connection.removed": N_("removed a connection"),
    "connection.rotated": N_("changed the key of a connection"),
    "hook.rotated": N_("made a webhook key"),
    "hook.revoked": N_("revoked webhook keys"),
    "message.resent": N_("sent a message again"),
    "channels.house": N_("changed how people are reached"),
}
"""What an action is called; one that has no words shows as it is."""
PLACES = {"run": "/admin/runs/", "person": "/admin/people/", "record": "/records/", "form": "/admin/forms/"}


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry. ``href`` leads to what it is about, where there is a page of it."""

    id: int
    at: datetime
    actor: str
    actor_ref: str
    action: str
    word: str
    subject: str
    href: str | None
    detail: str


def audit_page(session: Session, asked: Mapping[str, str], before: int | None) -> dict[str, Any]:
    """A page of what was asked for; ``following`` is the id below which the next one goes on."""
    zone = time_zone(session)
    until = _day(asked["to"])
    wanted = audit.Wanted(
        actor=asked["actor"] or None,
        action=asked["action"] if asked["action"] in GROUPS else None,
        subject=asked["subject"] or None,
        since=_begins(_day(asked["from"]), zone),
        until=_begins(until + timedelta(days=1) if until is not None else None, zone),
    )
    rows = audit.listing(session, wanted, before=before, limit=A_PAGE + 1)
    page = rows[:A_PAGE]
    known = _names(session, page)
    return {
        "items": [_line(row, known) for row in page],
        "following": page[-1].id if len(rows) > A_PAGE else None,
        "groups": [(key, gettext(word)) for key, word in GROUPS.items()],
        "actors": [(f"person:{one.id}", one.name) for one in people.search(session, "", 200)],
        "asked": asked,
    }


def _line(row: AuditEntry, known: Mapping[int, str]) -> AuditLine:
    kind, _, ident = row.subject.partition(":")
    href = PLACES[kind] + ident if kind in PLACES and ident.replace("_", "").isalnum() else None
    person = known.get(int(ident)) if kind == "person" and ident.isdigit() else None
    detail = ", ".join(
        f"{name}: {_shown(value)}" for name, value in sorted(row.detail.items()) if value not in (None, "")
    )
    word = WORDS.get(row.action)
    return AuditLine(
        id=row.id,
        at=row.at,
        actor=_who(row.actor, known),
        actor_ref=row.actor,
        action=row.action,
        word=gettext(word) if word else row.action,
        subject=person or row.subject,
        href=href,
        detail=detail,
    )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _who(ref: str, known: Mapping[int, str]) -> str:
    kind, _, ident = ref.partition(":")
    match kind:
        case "person" if ident.isdigit():
            return known.get(int(ident), ref)
        case "guest":
            return gettext("a guest")
        case "system":
            return gettext("the house")
        case _:
            return ref


def _names(session: Session, rows: Any) -> dict[int, str]:
    refs = {ref for row in rows for ref in (row.actor, row.subject)}
    return people.names(session, {int(ref[7:]) for ref in refs if ref.startswith("person:") and ref[7:].isdigit()})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _begins(day: date | None, zone: Any) -> datetime | None:
    return datetime.combine(day, time(), zone) if day is not None else None
