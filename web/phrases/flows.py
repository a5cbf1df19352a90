"""What is said about flows and decisions."""

from web.phrases.marking import N_

PHRASES = {
    "run_ended": N_("This has already ended."),
    "not_asked": N_("This is not (any longer) your decision."),
    "same_person": N_("You already took part in an earlier step; somebody else must decide this one."),
    "task_closed": N_("%(by)s already decided this."),
    "decision_not_offered": N_("This decision is not possible at this step."),
    "idempotency_mismatch": N_("This key was already used for another request."),
    "invalid_flow": N_("The flow cannot be used."),
    "computed_field": N_("A computed field cannot be set."),
    "no_transition": N_("The status may not move like this."),
    "wrong_value": N_("This value does not fit the field."),
    "wrong_type_of_value": N_("This value has the wrong type for the field."),
    "other_form": N_("This belongs to another form."),
    "bad_value": N_("This value cannot be taken."),
    "bad_duration": N_("This is not a duration such as PT72H."),
    "duplicate_step": N_("Two steps have the same key."),
    "reserved_step": N_("This name is reserved."),
    "unknown_step": N_("There is no such step."),
    "not_an_earlier_step": N_("Only an earlier step can be returned to."),
    "asks_nobody": N_("This step asks nobody."),
    "return_past_action": N_("Returning would go past a step that changed something."),
    "unreachable_case": N_("This case can never happen."),
}
