"""The words of what flows send out of the house, and the handlers of the outbox that send them."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from formloom import messages, people
from formloom.db.uow import workspace_of
from formloom.i18n import localized
from formloom.models import GuestLink, Person, Workspace
from formloom.outbox import Handler, JobContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.models import Run
from flow_engine.service.catalogue import Catalogue
from form_engine.records.actor import Actor
from form_engine.records.titles import titles

Translate = Callable[..., str]
"""`translate(msgid, locale, **params)`: gettext, handed in."""

INVITE: Final = (
    "Please confirm: %(title)s",
    "Hello %(name)s,\n\nplease look at %(title)s and confirm it here:\n{link}",
)
LETTERS: Final[Mapping[str, tuple[str, str]]] = {
    "reminder": ("Reminder: %(title)s", "%(step)s is still waiting for you: %(title)s."),
    "escalation": ("Overdue: %(title)s", "%(step)s has not been decided in time: %(title)s."),
    "notice": ("%(title)s", "%(title)s"),
}
"""Subject and body of each kind; msgids of the catalogue."""


class Letters:
    """Sends invitations to guests, reminders and notices. Every message has a key, so a repeated job sends it once."""

    def __init__(self, catalogue: Catalogue, translate: Translate) -> None:
        self._catalogue, self._translate = catalogue, translate

    def handlers(self) -> dict[str, Handler]:
        """By kind of outbox item."""
        return {"flow.invite": self._invite, "flow.tell": self._tell}

    def _invite(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            run, _ = self._about(session, payload)
            title = self._title(session, run, Actor.guest(UUID(payload["guest"])))
            self._to_guest(session, payload["guest"], payload.get("email", ""), INVITE, {"title": title}, context.key)
            context.finish(session)

    def _tell(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            run, step = self._about(session, payload)
            for person in self._people(session, payload["people"]):
                locale = person.locale or self._locale(session)
                actor = Actor.person(person.id, people.roles_of(session, person.id), person.name)
                title = self._title(session, run, actor)
                subject, body = self._words(payload, locale, title, localized(step, locale))
                if person.email:
                    messages.send(session, "mail", person.email, subject, body, f"{context.key}:{person.id}")
            for guest in payload["guests"]:
                locale, title = self._locale(session), self._title(session, run, Actor.guest(UUID(guest)))
                words = INVITE if payload["kind"] == "reminder" else self._words(payload, locale, title, "")
                self._to_guest(session, guest, "", words, {"title": title}, f"{context.key}:{guest}")
            context.finish(session)

    def _words(self, payload: Mapping[str, Any], locale: str, title: str, step: str) -> tuple[str, str]:
        subject, body = LETTERS[payload["kind"]]
        said = {"title": title, "step": step}
        own_subject, own_body = payload.get("subject"), payload.get("text")
        return (
            localized(own_subject, locale) if own_subject else self._translate(subject, locale, **said),
            localized(own_body, locale) if own_body else self._translate(body, locale, **said),
        )

    def _to_guest(
        self, session: Session, guest: str, email: str, words: tuple[str, str], said: Mapping[str, str], key: str
    ) -> None:
        """By text message where there is a number, else by mail.

        A guest with neither gets the QR code from the staff.
        """
        link = session.get(GuestLink, (workspace_of(session), UUID(guest)))
        if link is None or link.revoked_at is not None or not (link.phone or email):
            return
        locale = self._locale(session)
        # Whatever stands in a record is no place for our own placeholder.
        safe = {name: value.replace("{", "(") for name, value in {**said, "name": link.name}.items()}
        subject, body = (self._translate(part, locale, **safe) for part in words)
        channel, to = ("sms", link.phone) if link.phone else ("mail", email)
        messages.send(session, "sms" if channel == "sms" else "mail", to, subject, body, key, link=f"guest:{guest}")

    def _about(self, session: Session, payload: Mapping[str, Any]) -> tuple[Run, Mapping[str, str] | str]:
        run = session.get_one(Run, (workspace_of(session), payload["run"]))
        step = self._catalogue.definition(session, run.flow, run.flow_version).step(payload["step"])
        return run, step.title

    def _title(self, session: Session, run: Run, reader: Actor) -> str:
        """What the record is called, as whoever gets the letter may read it."""
        forms = self._catalogue.forms.forms(session)
        _, title = titles(session, forms, [run.record_id], reader).get(run.record_id, (run.form, None))
        return title or f"#{run.record_id}"

    def _people(self, session: Session, ids: list[int]) -> list[Person]:
        return list(session.scalars(select(Person).where(Person.id.in_(ids), Person.disabled_at.is_(None))))

    def _locale(self, session: Session) -> str:
        return session.get_one(Workspace, workspace_of(session)).locale
