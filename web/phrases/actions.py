"""What is said about steps that write beside their own record, and about schedules."""

from web.phrases.marking import N_

PHRASES = {
    "too_many_records": N_("More than %(most)s records would be written at once. A step “each” takes more, in parts."),
    "record_gone": N_("A record that was to be written is no longer there."),
    "not_this_link": N_("This must be a link to records of the form “%(form)s”."),
    "not_a_member": N_("This must be a field of people."),
    "where_not_in_sql": N_("This condition cannot be used to find records."),
    "missing_required": N_("A new record needs the field “%(field)s”."),
    "series_needs": N_("The schedule cannot be worked out: this is blank."),
    "series_cannot_be": N_("The schedule cannot be worked out: this cannot be “%(value)s”."),
    "series_backwards": N_("The schedule cannot be worked out: its end is before its beginning."),
    "series_too_long": N_("The schedule would have more than %(most)s parts."),
    "series_not_plain": N_("To be revised, each record must have a field that is exactly “%(needs)s”."),
    "series_other_form": N_("Only the records that the step makes can be revised: those of “%(form)s”."),
    "series_alone": N_("Only records have this; here the schedule is rows of the own record."),
    "preview_denied": N_("The schedule hangs on “%(field)s”, which you may not see."),
}
