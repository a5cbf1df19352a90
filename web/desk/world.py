"""What every page asks first: who acts, what the forms are, what may be done, and the names of what is shown."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from formloom import files, people
from formloom.access import Identity
from formloom.errors import NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.definitions_store import Forms
from form_engine.formula import Context
from form_engine.permission import Access, accesses
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from web.context import services
from web.locales import current_locale
from web.names import FileCard, Names, Wanted

_WORLD = "web.world"


@dataclass(slots=True)
class World:
    """One reader's view of the workspace during one transaction."""

    session: Session
    actor: Actor
    locale: str
    forms: Forms
    _accesses: dict[str, Access] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, identity: Identity) -> "World":
        """The world of somebody who is signed in: one for the frame and the page of a transaction."""
        asked_in, known = session.info.get(_WORLD, (None, None))
        if isinstance(known, World) and asked_in is session.get_transaction():
            return known
        actor = Actor.person(identity.person_id, identity.roles, identity.name)
        world = cls(session, actor, current_locale(), services().forms.forms(session))
        session.info[_WORLD] = (session.get_transaction(), world)
        return world

    @property
    def context(self) -> Context:
        """Who asks and when, for formulas."""
        return context_for(self.session, self.actor)

    def form(self, key: str) -> CompiledForm:
        """A live form; NotFound for one that does not exist."""
        form = self.forms.get(key)
        if form is None:
            raise NotFound("unknown_form", {"form": key})
        return form

    def access(self, form: CompiledForm) -> Access:
        """What this reader may do with the form; the first question asks for all forms at once."""
        return self.allowed()[form.key]

    def allowed(self) -> Mapping[str, Access]:
        """The same for every form."""
        if not self._accesses:
            self._accesses = accesses(self.session, self.forms, self.actor)
        return self._accesses

    def titles(self, ids: Collection[int]) -> dict[int, tuple[str, str | None]]:
        """By id: the form and the title as this reader may see it; None for a record that they may not open."""
        if not ids:
            return {}
        return services().records.titles(self.session, services().forms, ids, self.actor, self.allowed())

    def listable(self, key: str) -> tuple[CompiledForm, Access]:
        """A form of which the reader may see records; to others it does not exist."""
        form = self.form(key)
        access = self.access(form)
        if not access.may("read"):
            raise NotFound("unknown_form", {"form": key})
        return form, access

    def names(self, form: CompiledForm, documents: Iterable[Mapping[str, Any]]) -> Names:
        """Titles, names and files for all ids in these documents, each kind asked for once."""
        wanted = Wanted()
        for document in documents:
            wanted.gather(form, document)
        return self.names_of(wanted)

    def names_of(self, wanted: Wanted) -> Names:
        """The same for ids that were gathered elsewhere."""
        titles = self.titles(wanted.records)
        return Names(
            records={key: title for key, (_, title) in titles.items() if title is not None},
            people=people.names(self.session, wanted.people) if wanted.people else {},
            files=file_cards(self.session, wanted.files),
            departments=people.department_names(self.session, wanted.departments, self.locale)
            if wanted.departments
            else {},
        )


def file_cards(session: Session, ids: Iterable[str]) -> dict[str, FileCard]:
    """Stored files as pages show them, by id."""
    wanted = tuple(ids)
    found = files.describe(session, wanted) if wanted else {}
    return {
        key: FileCard(key, one.name, one.media_type, one.size, url_for("record.file", file_id=key))
        for key, one in found.items()
    }
