"""What is wrong with a definition that somebody designs."""

from web.phrases.marking import N_

PHRASES = {
    "invalid_definition": N_("The definition cannot be used yet."),
    "bad_shape": N_("This part of the definition is not as expected."),
    "formula_wrong_result": N_("The formula gives a value of the wrong type."),
    "guest_about_one_record": N_("A public link can be about one linked record only."),
    "guest_cannot_fill": N_("Somebody without an account cannot fill in this field."),
    "guest_link_needs_filter": N_("Guests choose only where the link has a filter: it says what they see."),
    "not_a_link_to": N_("This field does not link to the right form."),
    "clear_but_required": N_("A link that must be filled in cannot be cleared when its target is deleted."),
    "no_overlap_reads_elsewhere": N_("This condition may read only the record's own fields."),
    "not_a_range": N_("From and to must be two fields of one type that has an order."),
    "not_in_layout": N_("This field stands in no section of the form."),
    "not_in_table": N_("This type of field cannot be a column."),
    "not_indexable": N_("This field cannot be sorted or filtered by."),
    "required_but_not_writable": N_("This field is required where nobody may fill it in."),
    "reserved_key": N_("This key is reserved."),
    "too_many_indexes": N_("Too many fields of this type can be sorted and filtered by."),
    "unknown_field_type": N_("There is no such type of field."),
    "unknown_table": N_("There is no such table."),
    "unknown_definition": N_("There is no such definition."),
    "revision_conflict": N_(
        "%(by_name)s has changed the same places of this form meanwhile. Look at their changes first."
    ),
    "too_many_indexed": N_("Too many fields of this type can be sorted and filtered by."),
    "rollup_reads_elsewhere": N_("A rollup may hang on records only: not on the clock, nor on who is reading."),
    "access_not_in_sql": N_("This access rule cannot be used as a filter."),
    "filter_not_in_sql": N_("This filter cannot be used in lists."),
    "nothing_to_publish": N_("There are no changes to publish."),
    "breaks_flow": N_("The flow “%(key)s” would no longer fit this form."),
    "breaks_view": N_("The view “%(key)s” would no longer fit this form."),
}
