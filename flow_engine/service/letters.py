"""The handlers of the outbox that tell people of steps, and programs outside (README.md)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from formloom import messages
from formloom.db.uow import workspace_of
from formloom.models import Connection, GuestLink, Workspace
from formloom.outbox import Handler, JobContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition.view import fields_of
from flow_engine.models import Run
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.notices import About, Notices, invitation, send_to_guest
from flow_engine.service.plays.posting import WEBHOOK
from flow_engine.service.words import Translate
from flow_engine.steps.notify import Notify
from form_engine.definition import FieldAccess
from form_engine.documents.saying import Sayer
from form_engine.records.actor import Actor


class Letters:
    """Sends invitations to guests, reminders, notices and webhooks. Every message has a key, so a repeated job sends it
    once.
    """

    def __init__(self, catalogue: Catalogue, translate: Translate) -> None:
        self._catalogue, self._translate = catalogue, translate

    def said(self, session: Session, run_id: int, step_key: str, reader: Actor, locale: str) -> str:
        """What a notice that is to be acknowledged says to this reader; empty for a step that is none."""
        run = session.get_one(Run, (workspace_of(session), run_id))
        flow = self._catalogue.definition(session, run.flow, run.flow_version)
        step = flow.step(step_key)
        if not isinstance(step, Notify):
            return ""
        sayer = Sayer(session, self._catalogue.forms, run.record_id)
        about = About(session, run, sayer, self._catalogue, self._translate, {"kind": "notice", "step": step.key}, "")
        guest = reader.kind == "guest"
        shown = FieldAccess.of_grant(fields_of(flow, step.key, "step")) if guest else None
        return about.said(step.text, reader, locale, shown).replace(messages.LINK, "").strip()

    def handlers(self) -> dict[str, Handler]:
        """By kind of outbox item."""
        tell = Notices(self._catalogue, self._translate)
        return {"flow.invite": self._invite, "flow.tell": tell, WEBHOOK: self._post}

    def _invite(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """The link of a guest; with the words of the step where it is a notice."""
        with context.unit_of_work() as session:
            run = session.get_one(Run, (workspace_of(session), payload["run"]))
            step = self._catalogue.step(session, run.flow, run.flow_version, payload["step"])
            guest, locale = payload["guest"], session.get_one(Workspace, workspace_of(session)).locale
            link = session.get(GuestLink, (workspace_of(session), UUID(guest)))
            if link is not None and link.revoked_at is None:
                told = {"kind": "notice", "step": step.key}
                sayer = Sayer(session, self._catalogue.forms, run.record_id)
                about = About(session, run, sayer, self._catalogue, self._translate, told, step.title)
                reader = Actor.guest(UUID(guest), link.name)
                subject, body = invitation(self._translate, locale, about.title(reader), link.name)
                if isinstance(step, Notify):
                    flow = self._catalogue.definition(session, run.flow, run.flow_version)
                    shown = FieldAccess.of_grant(fields_of(flow, step.key, "step"))
                    subject = about.said(step.subject, reader, locale, shown) if step.subject else subject
                    body = about.said(step.text, reader, locale, shown)
                    body = body if messages.LINK in body else f"{body}\n{messages.LINK}"
                email = payload.get("email")
                send_to_guest(session, guest, link, email, subject, body, context.key, kind="invitation", run=run.id)
            context.finish(session)

    def _post(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """A webhook goes into the ledger; from there it leaves, is tried again, and can be sent anew."""
        with context.unit_of_work() as session:
            run = session.get_one(Run, (workspace_of(session), payload["run"]))
            about = payload["about"]
            mine = (Connection.workspace_id == workspace_of(session), Connection.key == about.get("connection"))
            named = session.scalar(select(Connection.title).where(*mine))
            line = messages.Line(
                channel="webhook",
                recipient=named or about.get("connection") or str(about["url"]).split("/")[2],
                subject=f"{run.flow}.{payload['step']}",
                body=payload["body"],
                key=context.key,
                kind="webhook",
                run=run.id,
                visit=payload["visit"] or None,
                step=payload["step"],
                about=about,
            )
            messages.post(session, line)
            context.finish(session)
