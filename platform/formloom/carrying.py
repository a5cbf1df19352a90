"""What stands under the bell is carried on: to the devices and addresses of people who want that (ADR 086).

The step that opens a task writes a line under the bell and nothing more, because it is the hot path. This chore finds
fresh lines of people who are reached by something else as well. A line is told once: its messages have its id for key.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from formloom import channels, messages, notifications
from formloom.clock import app_now, time_zone
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work, workspace_of
from formloom.models import ChannelChoice, Message, Notification, Person, PushSubscription
from formloom.workspaces import all_workspaces, go_round

KINDS: Final[Mapping[str, str]] = {
    "task_opened": "task",
    "copied": "copy",
    "mentioned": "mention",
    "run_ended": "ended",
}
"""Kinds of lines, and what they are called where people choose. Notices and reminders are sent by their own step."""
FRESH: Final = timedelta(minutes=10)
"""A line that is older is told by nobody: a chore that stood still must not ring for what is long done."""
A_LOOK: Final = 20
MOST_OF_ONE: Final = 1_000
"""So many lines of these minutes are looked at for one person; what is more of them stays under the bell."""

Words = Callable[[Session, Person, Notification], tuple[str, str]]
"""Subject and body of a line for this person, in their language, with what they may read."""


def carry(databases: Databases, words: Words, public_url: str) -> None:
    """Once round the house."""
    go_round(all_workspaces(databases), "carry", lambda workspace: _carry(databases, workspace, words, public_url))


def _carry(databases: Databases, workspace: int, words: Words, public_url: str) -> None:
    with unit_of_work(databases, workspace) as session:
        for person in _reachable(session):
            fresh = _fresh(session, person.id)
            told = _told(session, fresh)
            for line in fresh:
                if _notice(line) not in told:
                    _tell(session, person, line, words, public_url)


def _reachable(session: Session) -> list[Person]:
    """Those who have a device that gets messages, or have chosen something; everybody, where the house mails tasks."""
    mine = (Person.workspace_id == workspace_of(session), Person.disabled_at.is_(None))
    house = channels.house_ways(session)
    if any(set(house[kind]) - {"push"} for kind in KINDS.values()):
        return list(session.scalars(select(Person).where(*mine)))
    device = exists().where(
        PushSubscription.workspace_id == Person.workspace_id, PushSubscription.person_id == Person.id
    )
    chosen = exists().where(ChannelChoice.workspace_id == Person.workspace_id, ChannelChoice.person_id == Person.id)
    return list(session.scalars(select(Person).where(*mine, or_(device, chosen))))


def _fresh(session: Session, person: int) -> list[Notification]:
    """The last lines of this person that are new: a walk down an index, as far as it meets lines of these minutes."""
    mine = (Notification.workspace_id == workspace_of(session), Notification.person_id == person)
    latest = select(Notification).where(*mine).order_by(Notification.id.desc()).limit(A_LOOK)
    since, found = app_now(session) - FRESH, list[Notification]()
    while len(found) < MOST_OF_ONE:
        below = latest.where(Notification.id < found[-1].id) if found else latest
        some = [line for line in session.scalars(below) if line.created_at > since]
        found += some
        if len(some) < A_LOOK:
            break
    return [line for line in found if line.read_at is None and line.kind in KINDS]


def _told(session: Session, lines: list[Notification]) -> frozenset[str]:
    mine = (Message.workspace_id == workspace_of(session), Message.notice.in_([_notice(line) for line in lines]))
    return frozenset(filter(None, session.scalars(select(Message.notice).where(*mine)))) if lines else frozenset()


def _notice(line: Notification) -> str:
    return f"{notifications.CARRIED}{line.id}"


def _tell(session: Session, person: Person, line: Notification, words: Words, public_url: str) -> None:
    kind, now, zone = KINDS[line.kind], app_now(session), time_zone(session)
    (reach,) = channels.reach(session, [person], kind, now=now, zone=zone)
    if not reach.ways:
        return
    subject, body = words(session, person, line)
    href = line.link or "/inbox"
    to = {"mail": person.email or "", "sms": person.phone or "", "push": person.name}
    for way in reach.ways:
        said = messages.Line(
            channel=way,
            recipient=to[way],
            subject=subject,
            body="" if way == "push" else f"{body}\n{public_url}{href}",
            key=f"{_notice(line)}:{way}",
            kind=kind,
            person=person.id,
            notice=_notice(line),
            about={"href": href} if way == "push" else {},
        )
        messages.post(session, said, reach.delay)
