"""The words of what stands under the bell, for people who are reached by something else as well."""

from dataclasses import dataclass

from formloom import people
from formloom.db.uow import workspace_of
from formloom.i18n import Catalogues, localized
from formloom.models import Notification, Person, Workspace
from sqlalchemy.orm import Session

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import Actor
from form_engine.records.titles import titles
from web.desk.frame import TOLD
from web.phrases.marking import N_

A_RECORD = N_("A record")


@dataclass(frozen=True, slots=True)
class BellWords:
    """A line as its person reads it, outside of a page."""

    catalogues: Catalogues
    forms: FormStore
    flows: Flows

    def __call__(self, session: Session, person: Person, line: Notification) -> tuple[str, str]:
        """The same twice: a line has no more to say than its title."""
        locale = person.locale or session.get_one(Workspace, workspace_of(session)).locale
        words = {"step": self._step(session, line, locale), "text": "", "who": str(line.params.get("who", ""))}
        words["title"] = self._title(session, person, line) or self.catalogues.translate(A_RECORD, locale)
        said = self.catalogues.translate(TOLD.get(line.kind, "%(title)s"), locale, **words).rstrip(": ")
        return said, said

    def _title(self, session: Session, person: Person, line: Notification) -> str | None:
        record = line.params.get("record")
        if not isinstance(record, int):
            return None
        reader = Actor.person(person.id, people.roles_of(session, person.id), person.name)
        return titles(session, self.forms.forms(session), [record], reader).get(record, ("", None))[1]

    def _step(self, session: Session, line: Notification, locale: str) -> str:
        store, flow, key = self.flows.definitions, line.params.get("flow"), str(line.params.get("step", ""))
        if flow not in store.live_versions(session):
            return key
        found = next((step.title for step in store.live(session, flow).walk() if step.key == key), key)
        return localized(found, locale)
