"""What people are told by steps: to each in their language, by their ways, with what they may read (ADR 086)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from formloom import channels, messages, notifications, people
from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from formloom.i18n import LOCALES, localized
from formloom.models import Connection, GuestLink, Person, Workspace
from formloom.outbox import JobContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from flow_engine.definition.view import fields_of
from flow_engine.elements.outcome import Text
from flow_engine.elements.texts import parts
from flow_engine.elements.value import Formula
from flow_engine.models import Run, Task
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.people import guest_address
from flow_engine.service.words import LETTERS, Translate
from form_engine.definition import FieldAccess
from form_engine.documents.saying import Sayer, read_parts
from form_engine.records.actor import Actor
from form_engine.records.titles import titles

_MADE = text("""
    SELECT DISTINCT ON (event #>> '{outcome,step}') event #>> '{outcome,file}' AS file FROM run_journal
    WHERE workspace_id = :workspace AND run_id = :run AND event ->> 'event' = 'resumed'
    AND event #>> '{outcome,step}' = ANY (:steps) AND event #>> '{outcome,file}' IS NOT NULL
    ORDER BY event #>> '{outcome,step}', seq DESC
""")


_OWN_LINK = "\x00"


def _kept(words: str) -> str:
    return words.replace(messages.LINK, _OWN_LINK)


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is about, and how its words are found."""

    session: Session
    run: Run
    sayer: Sayer
    catalogue: Catalogue
    translate: Translate
    told: Mapping[str, Any]
    step: Text

    def said(self, text: Text, reader: Actor, locale: str, shown: FieldAccess | None = None) -> str:
        """A text of the flow in this language, filled in for this reader."""
        words = localized(text, locale)
        taken = [(True, part.text) if isinstance(part, Formula) else (False, _kept(part)) for part in parts(words)]
        said = self.sayer.say(words, read_parts(taken), reader, locale, shown)
        # Whatever stands in a record is no place for a link.
        return said.replace(messages.LINK, "").replace(_OWN_LINK, messages.LINK)

    def letter(self, reader: Actor, locale: str, shown: FieldAccess | None = None) -> tuple[str, str]:
        """Subject and body."""
        subject, body = LETTERS[self.told["kind"]]
        words = {"title": self.title(reader), "step": localized(self.step, locale)}
        own_subject, own_body = self.told.get("subject"), self.told.get("text")
        return (
            self.said(own_subject, reader, locale, shown) if own_subject else self.translate(subject, locale, **words),
            self.said(own_body, reader, locale, shown) if own_body else self.translate(body, locale, **words),
        )

    def title(self, reader: Actor) -> str:
        """What the record is called, as this reader may read it."""
        forms = self.catalogue.forms.forms(self.session)
        _, title = titles(self.session, forms, [self.run.record_id], reader).get(
            self.run.record_id, (self.run.form, None)
        )
        return title or f"#{self.run.record_id}"


class Notices:
    """The handler of `flow.tell`. Every message has a key, so a repeated job says it once."""

    def __init__(self, catalogue: Catalogue, translate: Translate) -> None:
        self._catalogue, self._translate = catalogue, translate

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Tell everybody, in one transaction."""
        with context.unit_of_work() as session:
            run = session.get_one(Run, (workspace_of(session), payload["run"]))
            step = self._catalogue.step(session, run.flow, run.flow_version, payload["step"])
            sayer = Sayer(session, self._catalogue.forms, run.record_id)
            about = About(session, run, sayer, self._catalogue, self._translate, payload, step.title)
            for reach in self._reach(session, payload):
                self._tell(about, reach, context.key)
            for guest in payload["guests"]:
                self._tell_guest(about, guest, f"{context.key}:{guest}")
            for bot in payload.get("bots", ()):
                self._tell_group(about, bot, f"{context.key}:bot:{bot}")
            context.finish(session)

    def _reach(self, session: Session, payload: Mapping[str, Any]) -> list[channels.Reach]:
        there = (Person.workspace_id == workspace_of(session), Person.disabled_at.is_(None))
        found = session.scalars(select(Person).where(*there, Person.id.in_(payload["people"])).order_by(Person.id))
        return channels.reach(
            session,
            found,
            payload["kind"],
            now=app_now(session),
            zone=time_zone(session),
            named=payload.get("channels"),
            must=payload.get("must", False),
        )

    def _tell(self, about: About, reach: channels.Reach, key: str) -> None:
        session, person, notice = about.session, reach.person, uuid4().hex
        locale = person.locale or _locale(session)
        reader = Actor.person(person.id, people.roles_of(session, person.id), person.name)
        subject, body = about.letter(reader, locale)
        href, files = self._href(about, person.id), self._files(about)
        to = {"bell": person.name, "mail": person.email or "", "sms": person.phone or "", "push": person.name}
        extra: dict[str, dict[str, Any]] = {"push": {"href": href}, "mail": {"files": files} if files else {}}
        for way in (*self._bell(about), *reach.ways):
            line = messages.Line(
                channel=way,
                recipient=to[way],
                subject=subject,
                body="" if way == "push" else body,
                key=f"{key}:{person.id}:{way}",
                kind=about.told["kind"],
                person=person.id,
                run=about.run.id,
                step=about.told["step"],
                notice=notice,
                about=extra.get(way, {}),
            )
            fresh = messages.post(session, line, reach.delay if way != "bell" else None)
            if way == "bell" and fresh is not None:
                self._ring(about, reader, notice, href)

    def _bell(self, about: About) -> tuple[messages.Channel, ...]:
        """Other kinds stand under the bell already, since the step itself."""
        named = about.told.get("channels")
        rings = about.told["kind"] == "notice" and (named is None or "bell" in named or about.told["must"])
        return ("bell",) if rings else ()

    def _ring(self, about: About, reader: Actor, notice: str, href: str) -> None:
        """A line under the bell, in each language."""
        text = {locale: about.said(about.told["text"], reader, locale) for locale in LOCALES}
        told = {
            "step": about.told["step"],
            "text": text,
            "notice": notice,
            "flow": about.run.flow,
            "must": about.told["must"],
        }
        notifications.notify(
            about.session, [reader.person_id or 0], "notice", {**told, "record": about.run.record_id}, href
        )

    def _href(self, about: About, person: int) -> str:
        """To the task where there is one to acknowledge, else to the record."""
        mine = (Task.workspace_id == workspace_of(about.session), Task.run_id == about.run.id, Task.person_id == person)
        open_ = (Task.step == about.told["step"], Task.status == "open", Task.kind != "cc")
        task = about.session.scalar(select(Task.id).where(*mine, *open_).order_by(Task.id.desc()).limit(1))
        return f"/inbox?task={task}" if task is not None else f"/records/{about.run.record_id}"

    def _files(self, about: About) -> list[str]:
        """What the named document steps made last."""
        steps = about.told.get("attach") or []
        if not steps:
            return []
        asked = {"workspace": workspace_of(about.session), "run": about.run.id, "steps": steps}
        return [str(row.file) for row in about.session.execute(_MADE, asked)]

    def _tell_guest(self, about: About, guest: str, key: str) -> None:
        """By text message where there is a number, else by mail; the link is theirs of before."""
        session = about.session
        link = session.get(GuestLink, (workspace_of(session), UUID(guest)))
        email = guest_address(session, guest)
        if link is None or link.revoked_at is not None or not (link.phone or email):
            return
        locale, reader = _locale(session), Actor.guest(UUID(guest), link.name)
        if about.told["kind"] == "reminder":
            subject, body = invitation(self._translate, locale, about.title(reader), link.name)
        else:
            subject, body = about.letter(reader, locale, self._shown_to(about, guest))
        send_to_guest(session, guest, link, email, subject, body, key, kind=about.told["kind"], run=about.run.id)

    def _shown_to(self, about: About, guest: str) -> FieldAccess:
        """What the step that asked them shows."""
        mine = (Task.workspace_id == workspace_of(about.session), Task.guest_link_id == UUID(guest))
        step = about.session.scalar(select(Task.step).where(*mine))
        flow = self._catalogue.definition(about.session, about.run.flow, about.run.flow_version)
        return FieldAccess.of_grant(fields_of(flow, step, "step") if step else {})

    def _tell_group(self, about: About, bot: str, key: str) -> None:
        """A bot's group reads as holders of its role do; without one, placeholders are blank."""
        session, locale = about.session, _locale(about.session)
        mine = (Connection.workspace_id == workspace_of(session), Connection.key == bot)
        found = session.scalars(select(Connection).where(*mine)).one_or_none()
        roles = frozenset({found.role}) if found is not None and found.role else frozenset()
        subject, body = about.letter(Actor.person(0, roles, bot), locale)
        line = messages.Line(
            channel="bot", recipient=found.title if found else bot, subject=subject, body=body, key=key,
            kind=about.told["kind"], run=about.run.id, step=about.told["step"], about={"connection": bot},
        )  # fmt: skip
        messages.post(session, line)


def invitation(translate: Translate, locale: str, title: str, name: str) -> tuple[str, str]:
    """The words that bring a link."""
    # Whatever stands in a record is no place for our own placeholder.
    safe = {"title": title.replace("{", "("), "name": name.replace("{", "(")}
    subject, body = (translate(part, locale, **safe) for part in LETTERS["invite"])
    return subject, body


def send_to_guest(
    session: Session,
    guest: str,
    link: GuestLink,
    email: str | None,
    subject: str,
    body: str,
    key: str,
    *,
    kind: str,
    run: int,
) -> None:
    """By text message where there is a number, else by mail. A guest with neither gets the QR code from the staff."""
    channel, to = ("sms", link.phone) if link.phone else ("mail", email)
    if to:
        line = messages.Line(
            channel="sms" if channel == "sms" else "mail", recipient=to, subject=subject, body=body, key=key,
            kind=kind, run=run, link=f"guest:{guest}",
        )  # fmt: skip
        messages.post(session, line)


def _locale(session: Session) -> str:
    return session.get_one(Workspace, workspace_of(session)).locale
