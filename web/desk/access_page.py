"""Who may do what with a form, as a matrix; and why somebody may see a record."""

from typing import Any

from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledAccess, CompiledForm, FieldAccess, Level
from form_engine.permission.why import ACTIONS
from web.desk.organisation import role_titles
from web.desk.why import why_form, why_record
from web.desk.world import World
from web.phrases.marking import N_
from web.speech import gettext

Json = dict[str, Any]
ACTION = {
    "create": N_("Create"),
    "read": N_("Read"),
    "update": N_("Change"),
    "delete": N_("Delete"),
    "import": N_("Import"),
    "export": N_("Export"),
}
LEVEL = {Level.HIDDEN: N_("hidden"), Level.READ: N_("reads"), Level.WRITE: N_("changes")}
BESIDES = {
    "deleted": N_("The record is in the bin."),
    "draft_of_another": N_("It is somebody else’s draft."),
    "own_draft": N_("It is their own draft."),
    "in_run": N_("A run holds it: it changes by the run’s steps only."),
}


def access_page(session: Session, identity: Identity, form: str | None, person: int | None, record: int | None) -> Json:
    """Of one form (the first, where none is named). With a person: what they may do and by what; with a record, too:
    in that very record. Raises NotFound for what does not exist."""
    world = World.of(session, identity)
    live = dict(world.forms.items())
    key = form if form is not None else next(iter(live), None)
    if key is not None and key not in live:
        raise NotFound("unknown_form", {"form": key})
    forms = [(each, localized(found.definition.title, world.locale)) for each, found in live.items()]
    page: Json = {"forms": forms, "form": key, "matrix": None, "why": None}
    if key is None:
        return page
    titles = role_titles(session)
    page["matrix"] = _matrix(live[key], titles, world.locale)
    if person is not None:
        told = (
            why_form(session, identity, key, person)
            if record is None
            else why_record(session, identity, record, person)
        )
        page["why"] = _why(told, live[told["form"]], titles, world.locale)
    return page


def _matrix(form: CompiledForm, titles: dict[str, str], locale: str) -> Json:
    """Roles that have a line, with each action (`yes`, `some`: only records that a filter lets through, `no`) and each
    field's level, the highest of the role's lines."""
    lines: dict[str, list[CompiledAccess]] = {}
    for rule in form.access:
        lines.setdefault(rule.role, []).append(rule)
    roles = []
    for role, rules in lines.items():
        fields = _joined(rules)
        roles.append(
            {
                "key": role,
                "title": titles.get(role, role),
                "actions": [_verdict(rules, action) for action in ACTIONS],
                "fields": [gettext(LEVEL[fields.of(field.path)]) for field in form.fields],
                "levels": [str(fields.of(field.path)) for field in form.fields],
            }
        )
    return {
        "actions": [gettext(ACTION[action]) for action in ACTIONS],
        "roles": roles,
        "fields": [localized(field.definition.label, locale) or field.key for field in form.fields],
    }


def _joined(rules: list[CompiledAccess]) -> FieldAccess:
    found = rules[0].fields
    for rule in rules[1:]:
        found = found | rule.fields
    return found


def _verdict(rules: list[CompiledAccess], action: str) -> str:
    giving = [rule for rule in rules if action in rule.may]
    if not giving:
        return "no"
    return "some" if all(rule.where is not None for rule in giving) else "yes"


def _why(told: Json, form: CompiledForm, titles: dict[str, str], locale: str) -> Json:
    """In words: each line of the form's access, whether the person holds its role, whether its filter lets the record
    through, what it gives; grants of runs; and what comes out of it."""
    lines = [
        {
            "role": titles.get(line["role"], line["role"]),
            "held": line["held"],
            "holds": line["holds"],
            "counts": line["counts"],
            "filter": line["words"].get(locale) or line["where"],
            "gives": [gettext(ACTION[action]) for action in ACTIONS if action in line["may"]],
        }
        for line in told["lines"]
    ]
    allowed = [
        (gettext(ACTION[action]), told["actions"][action]["allowed"]) for action in ACTIONS if action in told["actions"]
    ]
    return {
        "name": told["user"]["name"],
        "roles": [titles.get(role, role) for role in told["user"]["roles"]],
        "title": localized(form.definition.title, locale),
        "record": told["record"],
        "besides": [gettext(BESIDES[each]) for each in told["besides"] if each in BESIDES],
        "lines": lines,
        "grants": told["grants"],
        "allowed": allowed,
        "fields": [
            (each["label"] or each["path"], each["access"], gettext(LEVEL[Level(each["access"])]))
            for each in told["fields"]
        ],
    }
