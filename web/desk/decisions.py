"""A decision as the page sends it, and what the page is told."""

from typing import Any

from formloom.access import Identity

from form_engine.records.actor import Actor
from web.composition import Services
from web.phrases.marking import N_
from web.speech import gettext

DONE = {
    "approve": N_("Approved."),
    "reject": N_("Rejected."),
    "return": N_("Returned."),
    "submit": N_("Submitted."),
    "resubmit": N_("Submitted again."),
    "withdraw": N_("Withdrawn."),
    "acknowledge": N_("Noted."),
    "retry": N_("Trying again."),
    "advise": N_("Your advice is on its way."),
    "transfer": N_("Handed over."),
    "delegate": N_("Sent for advice; it comes back to you."),
    "add_before": N_("They are asked first; then it is your turn."),
    "add_beside": N_("They are asked as well."),
    "add_after": N_("They are asked after you."),
    "take_off": N_("They are not asked any more."),
    "accept": N_("Accepted: it is yours."),
    "decline": N_("Declined; somebody else is asked."),
    "take_back": N_("Taken back: it is yours to decide again."),
}


def decide(services: Services, identity: Identity, task_id: int, body: dict[str, Any], key: str) -> dict[str, Any]:
    """Hand a person's decision to the flow service."""
    actor = Actor.person(identity.person_id, identity.roles, identity.name)
    return decided(services, identity.workspace_id, actor, task_id, body, key)


def decided(
    services: Services, workspace_id: int, actor: Actor, task_id: int, body: dict[str, Any], key: str
) -> dict[str, Any]:
    """Decide as a person or a guest; the answer names the run's state and says what happened."""
    answer = services.flows.decide(
        workspace_id,
        task_id,
        actor,
        body["decision"],
        comment=body.get("comment"),
        reason=body.get("reason"),
        changes=body.get("changes"),
        to_step=body.get("to_step"),
        idempotency_key=key,
        people=body.get("people") or (),
    )
    return {**answer.to_json(), "message": gettext(DONE.get(answer.decision, "Done."))}
