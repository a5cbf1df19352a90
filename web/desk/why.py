"""Why somebody may see or do something: the answer of `form_engine.permission.why` as JSON, with words."""

from typing import Any

from formloom import people
from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import LOCALES, localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, Level
from form_engine.permission.why import Line, Why, why
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from web.context import services
from web.desk.formula_words import in_words
from web.desk.world import World

Json = dict[str, Any]


def why_record(session: Session, identity: Identity, record_id: int, user: int | None) -> Json:
    """About one record. Admins ask about anybody; everybody about themselves, and what they may read."""
    world = World.of(session, identity)
    if "admin" not in identity.roles:
        services().records.get(session, services().forms, record_id, world.actor)
    record = next(iter(facts_of(session, world.forms, world.context).load([record_id])), None)
    if record is None or record.form not in world.forms:
        raise NotFound("unknown_record", {"id": record_id})
    return _answer(session, identity, world, world.form(record.form), user, record)


def why_form(session: Session, identity: Identity, key: str, user: int | None) -> Json:
    """About a form's records in general."""
    world = World.of(session, identity)
    form = world.form(key)
    access = world.access(form)
    if "admin" not in identity.roles and not any(access.may(each) for each in ("create", "read")):
        raise NotFound("unknown_form", {"form": key})
    return _answer(session, identity, world, form, user, None)


def _answer(
    session: Session, identity: Identity, world: World, form: CompiledForm, user: int | None, record: Fact | None
) -> Json:
    actor = _asked_about(session, identity, world, user)
    found = why(session, world.forms, form, actor, record)
    everything = "admin" in identity.roles
    levels = {each.field.path: each.level for each in found.fields}
    elsewhere = world.access(form).elsewhere

    def told(line: Line) -> bool:
        """Whether all that the line's filter reads is readable by the asker, who asks about themselves."""
        if everything or line.rule.where is None:
            return True
        return all(
            levels.get(place.path) is not Level.HIDDEN
            if place.form == form.key
            else place.form in elsewhere and elsewhere[place.form].may_read(place.path)
            for place in world.forms.sources.of_reads(form.key, line.rule.where.checked.reads)
        )

    return {
        "form": form.key,
        "record": record.id if record is not None else None,
        "user": {"id": actor.person_id, "name": actor.name, "roles": sorted(actor.roles)},
        "besides": list(found.besides),
        # To others the lines of roles that they do not hold, and hidden fields, do not exist.
        "lines": [_line(world, form, line, told=told(line)) for line in found.lines if everything or line.held],
        "grants": [
            {
                "source": each.source,
                "actions": list(each.actions),
                "fields": dict(each.fields),
                "expires_at": each.expires_at.isoformat() if each.expires_at else None,
                "live": each.live,
            }
            for each in found.grants
        ],
        "actions": {
            action: {
                "allowed": verdict.allowed,
                "by": list(verdict.by),
                "others": [each for each in verdict.others if everything or _held(found, each)],
            }
            for action, verdict in found.actions.items()
        },
        "fields": [
            {
                "path": each.field.path,
                "label": localized(each.field.definition.label, world.locale),
                "access": str(each.level),
                "by": [{"source": source, "access": str(level)} for source, level in each.by],
                "hidden_by": [str(place) for place in each.hidden_by] if everything else [],
            }
            for each in found.fields
            if everything or each.level is not Level.HIDDEN
        ],
    }


def _held(found: Why, source: str) -> bool:
    kind, _, at = source.partition(":")
    return kind != "line" or found.lines[int(at)].held


def _line(world: World, form: CompiledForm, line: Line, *, told: bool) -> Json:
    """`told`: with its filter, and whether that holds."""
    where, say = line.rule.where if told else None, services().catalogues.translate
    words = {}
    if where is not None:
        words = {
            locale: in_words(where.checked.node, world.forms, form, locale, lambda said, to=locale: say(said, to))  # type: ignore[misc]
            for locale in LOCALES
        }
    return {
        "source": f"line:{line.at}",
        "role": line.rule.role,
        "held": line.held,
        "may": sorted(line.rule.may),
        "where": where.text if where is not None else None,
        "words": words,
        "holds": line.holds if told else None,
        "counts": line.counts,
    }


def _asked_about(session: Session, identity: Identity, world: World, user: int | None) -> Actor:
    """The person whom the question is about. To others than admins nobody else is there."""
    if user is None or user == identity.person_id:
        return world.actor
    name = people.names(session, [user]).get(user) if "admin" in identity.roles else None
    if name is None:
        raise NotFound("unknown_person", {"id": user})
    return Actor.person(user, people.roles_of(session, user), name)
