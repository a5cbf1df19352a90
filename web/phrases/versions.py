"""What has changed between two versions of a form, and what publishing would do."""

from web.phrases.marking import N_

CHANGES = {
    ("field", "added"): N_("New field “%(name)s”"),
    ("field", "removed"): N_("Field “%(name)s” is gone; what records hold there is kept and comes back with it"),
    ("field", "renamed"): N_("The key of “%(name)s” was %(old)s and is %(new)s"),
    ("field", "retyped"): N_("“%(name)s” was of type %(old)s and is of type %(new)s"),
    ("field", "moved"): N_("“%(name)s” stands elsewhere"),
    ("field", "changed"): N_("“%(name)s”: %(what)s is different"),
    ("rule", "added"): N_("New rule: %(new)s"),
    ("rule", "removed"): N_("Rule no longer holds: %(old)s"),
    ("rule", "changed"): N_("A rule is told in other words: %(new)s"),
    ("access", "added"): N_("The role %(name)s has rights from now on"),
    ("access", "removed"): N_("The role %(name)s loses rights"),
    ("access", "changed"): N_("The rights of the role %(name)s change: %(what)s"),
    ("section", "added"): N_("New section “%(name)s”"),
    ("section", "removed"): N_("Section “%(name)s” is gone"),
    ("section", "changed"): N_("Section “%(name)s”: %(what)s is different"),
    ("form", "changed"): N_("The form itself: %(what)s is different"),
}
"""By subject and kind of a `Change`."""

PARTS = {
    "label": N_("name"),
    "title": N_("title"),
    "help": N_("help text"),
    "required": N_("whether it must be filled in"),
    "visible": N_("when it is shown"),
    "default": N_("what it begins with"),
    "options": N_("choices"),
    "index": N_("fast lists"),
    "value": N_("formula"),
    "transitions": N_("possible moves"),
    "display": N_("how records are named"),
    "list": N_("columns of the list"),
    "number": N_("numbering"),
    "unique": N_("what must be unique"),
    "no_overlap": N_("what may not overlap"),
    "description": N_("description"),
    "icon": N_("icon"),
    "submit_label": N_("button"),
    "may": N_("what it may do"),
    "where": N_("with which records"),
    "fields": N_("which fields"),
    "section": N_("heading"),
    "columns": N_("columns"),
    "note": N_("note"),
}
"""Parts of a definition in words; any other is called by its key."""

PHRASES = {
    "definition_exists": N_("There is a definition “%(key)s” already."),
    "unknown_version": N_("There is no such version."),
    "nothing_to_discard": N_("There is no draft to discard."),
    "draft_in_the_way": N_("Somebody is working on a draft of this form. Publish or discard it first."),
    "runs_hold_values": N_(
        "%(count)s records are under way and hold values in a field whose type would change. Wait for them, or make a"
        " new field that takes over from the old one."
    ),
    "would_lose_values": N_("%(count)s values have no place in the new version. They would be kept, but not shown."),
    "not_unique_yet": N_("Records already share values of %(fields)s (record %(record)s is one of them)."),
    "overlaps_yet": N_("Records already overlap (record %(record)s is one of them)."),
    "several_values": N_("There are several values and room for one."),
    "no_conversion": N_("Values of the old type cannot become values of the new one."),
    "number_cannot_be_hidden": N_("This number names the records, so whoever may read them sees it."),
}
