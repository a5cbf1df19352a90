"""What is said about records and questions for them."""

from web.phrases.marking import N_

PHRASES = {
    "unknown_form": N_("There is no such form."),
    "unknown_record": N_("This record does not exist, or you may not see it."),
    "version_conflict": N_(
        "Somebody else changed the same fields meanwhile. Look at their change before you save yours."
    ),
    "totals_keep_moving": N_("Several people are working on the same totals. Please try again."),
    "not_unique": N_("There is already a record with this value."),
    "record_in_run": N_("This record is under way and changes only through its open step."),
    "not_a_draft": N_("This is no draft any more."),
    "not_deleted": N_("This is not in the bin."),
    "is_deleted": N_("This is in the bin."),
    "action_denied": N_("Your role does not allow this."),
    "filtered_out": N_("This record is outside of what you may choose."),
    "definition_changed": N_("Somebody else changed this form meanwhile."),
    "filter_malformed": N_("The filter cannot be read."),
    "filter_too_deep": N_("The filter is nested too deeply."),
    "filter_too_long": N_("The filter has too many parts."),
    "unknown_field": N_("There is no field “%(field)s”."),
    "unknown_operator": N_("This comparison is not possible for this field."),
    "not_sortable": N_("The list cannot be sorted by this field."),
    "bad_cursor": N_("This page of the list is no longer known. Start again from the top."),
    "bad_limit": N_("That many rows cannot be asked for at once."),
    "unknown_relative_date": N_("There are no days of this name."),
    "unknown_bucket": N_("Dates can be grouped by day, week, month, quarter or year."),
    "no_date_to_bucket": N_("This field is no date."),
    "not_measurable": N_("This figure cannot be worked out for this field."),
    "not_groupable": N_("Records cannot be grouped or measured by this field."),
    "bad_name": N_("A name here is small letters, digits and underscores, and begins with a letter."),
    "not_in_sql": N_("This formula cannot be used as a filter."),
    "division_in_sql": N_("A filter cannot divide, take powers or roots: the database counts to other digits."),
    "letters_in_sql": N_("A filter cannot change letters to capital or small ones: the database knows other rules."),
    "calendar_in_sql": N_("A filter cannot ask the calendar about a date of the record."),
    "too_many_digits_in_sql": N_("The numbers of this filter grow too long for the database."),
    "mixed_types_in_sql": N_("This formula mixes types and cannot be used as a filter."),
}
