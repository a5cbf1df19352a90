"""What somebody without an account sees: the one task that their link opens, and nothing beside it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from formloom import guests
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.records.actor import Actor
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import view_of
from web.context import services
from web.desk.decision_model import actions, editable, narrowed
from web.desk.document import document
from web.desk.linked import linked_of
from web.desk.sections import SectionView, sections_of
from web.desk.world import World
from web.forms_view import Filled, Reader, Surroundings, form_model, needs
from web.locales import current_locale, moment
from web.names import FileCard, Names, Wanted
from web.speech import gettext


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided here already, said kindly."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class GuestPage:
    """Everything that ``pages/guest.html`` shows."""

    title: str
    greeting: str
    sections: tuple[SectionView, ...]
    decision: dict[str, Any] | None
    done: Done | None
    said: str = ""


def guest_page(session: Session, link_id: UUID, token: str) -> GuestPage:
    """The page behind a link that was resolved. Only the step's own fields are shown."""
    link = guests.get(session, link_id)
    guests.opened(session, link_id)
    world, task, form = guest_world(session, link_id, link.name)
    fact = facts_of(session, world.forms, world.context).load([task.record])
    record = next(iter(fact), None)
    if record is None or record.deleted:
        raise NotFound("link_gone")
    facts = facts_of(session, world.forms, world.context)
    view = view_of(form, record, facts, task.fields, frozenset())
    whole = document(view.values, view.computed)
    names = _names(world, form, whole, token)
    keys = editable(form, task.fields) if task.open else []
    return GuestPage(
        title=localized(task.step_title, world.locale),
        greeting=gettext("Hello %(name)s", name=link.name) if link.name else "",
        sections=sections_of(form, task.fields, whole, names, world.locale, leave_out=frozenset(keys)),
        decision=_decision(world, task, form, whole, keys, names, token) if task.open else None,
        done=None if task.open else _done(task),
        said=services().flows.said(session, task, world.actor, world.locale) if task.open else "",
    )


def guest_world(session: Session, link_id: UUID, name: str = "") -> tuple[World, Any, CompiledForm]:
    """The guest's world: no roles, no lists; the task, and the form as its run pinned it."""
    world = World(session, Actor.guest(link_id, name), current_locale(), services().forms.forms(session))
    task = services().flows.guest_task(session, link_id)
    return world, task, services().forms.version(session, task.form, task.form_version)


def shown_files(session: Session, link_id: UUID) -> frozenset[str]:
    """The files that stand in what the guest may see."""
    world, task, form = guest_world(session, link_id)
    facts = facts_of(session, world.forms, world.context)
    record = next(iter(facts_of(session, world.forms, world.context).load([task.record])), None)
    if record is None:
        return frozenset()
    wanted = Wanted()
    wanted.gather(form, view_of(form, record, facts, task.fields, frozenset()).values)
    return frozenset(wanted.files)


def _names(world: World, form: CompiledForm, whole: dict[str, Any], token: str) -> Names:
    known = world.names(form, [whole])
    files = {
        key: FileCard(key, card.name, card.media_type, card.size, f"/g/{token}/files/{key}")
        for key, card in known.files.items()
    }
    return Names(known.records, known.people, files, known.departments, linked=False)


def _decision(
    world: World, task: Any, form: CompiledForm, whole: dict[str, Any], keys: list[str], names: Names, token: str
) -> dict[str, Any]:
    model = None
    if keys:
        # What stands in records that are linked is not the guest's to see, so nothing that reads it is shipped.
        reader = Reader(world.locale, task.fields, may_read=lambda _form, _key: False)
        wanted = Wanted()
        wanted.gather(form, whole)
        model = form_model(
            form,
            reader,
            record=Filled(task.record, 0, whole),
            around=Surroundings(linked_of(world, wanted.records, needs(form, reader)), names),
            context=world.context,
            submit=None,
            lookup="",
            upload=f"/g/{token}/files",
            draft_key=None,
        )
        model = {**narrowed(model, keys, task.required), "links": False}
    return {
        "task": task.id,
        "locale": world.locale,
        "submit": {"url": f"/g/{token}/decide"},
        "actions": _actions(task, world.locale),
        "form": model,
        "next": f"/g/{token}",
        "draft_key": f"guest:{task.id}",
    }


def _actions(task: Any, locale: str) -> list[dict[str, Any]]:
    """The guest's buttons; where a decision leads inside the house is not their concern, only what it means to them."""
    hints = {
        "approve": gettext("this is right"),
        "reject": gettext("something is wrong"),
        "return": gettext("something is wrong"),
    }
    made = actions(task.offers, task.step_titles, locale)
    return [{**one, "hint": hints.get(one["decision"])} for one in made]


def _done(task: Any) -> Done:
    when = moment(task.ended_at) if task.ended_at else ""
    if task.decision == "approve":
        return Done(gettext("Thank you, you have confirmed this"), gettext("Confirmed on %(when)s.", when=when))
    if task.decision in ("reject", "return"):
        title = gettext("Thank you, your objection has arrived")
        return Done(title, gettext("Sent on %(when)s. Somebody will get in touch with you.", when=when))
    return Done(gettext("Nothing needs to be done any more"), gettext("This has been settled already."))
