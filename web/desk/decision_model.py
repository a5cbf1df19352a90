"""The props of the island ``decision``: what may be decided, in words that say what will happen."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledForm, FieldAccess
from web.phrases.marking import N_
from web.speech import gettext

INITIATOR = "initiator"
LABELS = {
    "approve": N_("Approve"),
    "reject": N_("Reject"),
    "return": N_("Return"),
    "submit": N_("Submit"),
    "resubmit": N_("Submit again"),
    "withdraw": N_("Withdraw"),
    "acknowledge": N_("Seen"),
    "retry": N_("Try again"),
    "advise": N_("Give advice"),
    "take_back": N_("Take back"),
    "accept": N_("Accept"),
    "decline": N_("Decline"),
}
ACTS = {
    "transfer": (N_("Hand over"), N_("They decide instead of you, for good."), False),
    "delegate": (N_("Ask for advice"), N_("They advise; the decision comes back to you."), False),
    "add_before": (N_("Ask others first"), N_("When they have agreed, it is your turn."), True),
    "add_beside": (N_("Ask others as well"), N_("They decide beside you."), True),
    "add_after": (N_("Ask others after you"), N_("When you have agreed, they must agree too."), True),
    "take_off": (N_("Take off"), N_("Whom you asked as well need not answer any more."), True),
}


def actions(offers: Iterable[Any], step_titles: Mapping[str, Any], locale: str) -> list[dict[str, Any]]:
    """The buttons, in the order in which the flow offers them."""
    return [_action(offer, step_titles, locale) for offer in offers]


def seating(acts: Iterable[str], people_url: str, added: Mapping[int, str]) -> dict[str, Any] | None:
    """What may be done about who decides; ``added`` are those who can be taken off, by id."""
    offered = [
        {"act": act, "label": gettext(label), "hint": gettext(hint), "many": many}
        for act in acts
        for label, hint, many in (ACTS[act],)
    ]
    if not offered:
        return None
    people = [{"id": person, "name": name} for person, name in added.items()]
    return {"acts": offered, "people_url": people_url, "added": people}


def _action(offer: Any, step_titles: Mapping[str, Any], locale: str) -> dict[str, Any]:
    label = localized(offer.label, locale) if offer.label else gettext(LABELS.get(offer.decision, offer.decision))
    targets = offer.to_steps if len(offer.to_steps) > 1 else ()
    return {
        "decision": offer.decision,
        "label": label,
        "hint": _hint(offer, step_titles, locale),
        "reasons": [{"key": one.key, "label": localized(one.label, locale)} for one in offer.reasons],
        "comment": "required" if offer.comment_required else "optional",
        "to_steps": [{"key": key, "label": _step(key, step_titles, locale)} for key in targets],
    }


def _hint(offer: Any, step_titles: Mapping[str, Any], locale: str) -> str | None:
    if offer.leads_to:
        return gettext("to: %(step)s", step=_step(offer.leads_to, step_titles, locale))
    match offer.decision:
        case "approve" | "submit":
            return gettext("goes on")
        case "reject":
            return gettext("ends it for good")
        case "return":
            return gettext("back to a step you choose")
        case "withdraw":
            return gettext("nobody decides any more")
        case "advise":
            return gettext("they decide afterwards")
        case "accept":
            return gettext("it is yours then")
        case "decline":
            return gettext("goes to the next")
        case _:
            return None


def _step(key: str, step_titles: Mapping[str, Any], locale: str) -> str:
    if key == INITIATOR:
        return gettext("the person who submitted it")
    return localized(step_titles.get(key, key), locale)


def editable(form: CompiledForm, fields: FieldAccess) -> list[str]:
    """The fields that the step lets one write, and the computed ones that follow them, in the form's order."""
    written = {each.key for each in form.fields if not each.computed and _writes(each, fields)}
    if not written:
        return []
    shown = set(written)
    for path in form.order:  # settled in this order, so one pass finds what follows what follows
        each = form.by_path[path]
        value = each.formulas.get("value") if "." not in path else None
        if value is not None and fields.may_read(path) and value.checked.reads.names & shown:
            shown.add(each.key)
    return [each.key for each in form.fields if each.key in shown]


def _writes(column: Any, fields: FieldAccess) -> bool:
    if getattr(column.definition.config, "transitions", None) is not None:
        return False
    return fields.may_write(column.path) or any(fields.may_write(each.path) for each in column.columns)


def narrowed(model: dict[str, Any], keys: list[str], required: Collection[str]) -> dict[str, Any]:
    """The form model with only these fields laid out; the others stay, because formulas read them.

    `required` are those that the step asks for beyond the form itself.
    """
    items = [key for one in model["layout"] for key in one["items"] if key in keys]
    section = {"title": gettext("For you to fill in"), "note": None, "columns": 2, "items": items}
    fields = [{**each, "required": True} if each["key"] in required else each for each in model["fields"]]
    return {**model, "fields": fields, "layout": [section]}
