"""What is said about due times, waits, calls of other flows and clocks."""

from web.phrases.marking import N_

PHRASES = {
    "not_callable": N_("The flow %(flow)s cannot be called: something else starts it."),
    "not_a_choice": N_("This must be a choice or a text; %(field)s is neither."),
    "ends_missing": N_("%(field)s must have an option for each way in which a flow can end."),
    "call_refused": N_("A flow could not be called."),
    "no_length": N_("How long to wait at %(step)s is not known: the formula gives no length."),
    "event_not_yours": N_("You may not report this event."),
    "duplicate_clock": N_("Two clocks have the same key."),
    "same_share": N_("Two thresholds stand at the same share."),
    "missing_people": N_("Say whom this concerns."),
    "unknown_colour": N_("There is no colour %(colour)s."),
    "cannot_reject": N_("This step cannot be rejected, by time neither."),
    "ends_by_itself": N_("This wait ends by itself; it needs no time-out."),
}
