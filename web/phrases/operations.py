"""What is said about runs to those who administer them: incidents, operations, reports."""

from web.phrases.marking import N_

PHRASES = {
    "effect_failed": N_("Something went wrong inside the house (%(error)s); the log of the server says what."),
    "definition_lost": N_("This release cannot read the version of the flow that this run follows."),
    "record_in_bin": N_("The record is in the bin, or was removed for ever."),
    "inside_split": N_("This step stands in a parallel branch or a loop; choose the step around it."),
    "unknown_report": N_("There is no such report."),
    "unknown_dead_letter": N_("There is no such dead letter; perhaps it was sent again meanwhile."),
    "given_up": N_("Work outside of the house was given up after several tries."),
    "nobody": N_("Nobody could be asked."),
    "left": N_("Whoever was asked has left."),
    "too_many_rounds": N_("The loop has gone round as often as it may."),
}
