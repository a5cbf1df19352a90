"""What is wrong with a formula."""

from web.phrases.marking import N_

PHRASES = {
    "formula_too_long": N_("The formula is too long."),
    "formula_too_deep": N_("The formula is nested too deeply."),
    "formula_too_large": N_("The formula has too many parts."),
    "formula_number_too_long": N_("A number in the formula has too many digits."),
    "formula_unexpected_character": N_("“%(character)s” does not belong into a formula."),
    "formula_unterminated_text": N_("A text in the formula has no closing quote."),
    "formula_unexpected": N_("The formula does not go on with “%(text)s”."),
    "formula_unexpected_end": N_("The formula ends too early."),
    "formula_unknown_name": N_("There is no field “%(name)s”."),
    "formula_unknown_function": N_("There is no function “%(name)s”."),
    "formula_argument_count": N_("%(function)s does not take %(given)s arguments."),
    "formula_type": N_("%(function)s needs %(wanted)s here, and this is %(got)s."),
    "formula_types_differ": N_("%(left)s and %(right)s do not go together."),
    "formula_currencies_differ": N_("The formula mixes two currencies: %(left)s and %(right)s."),
    "formula_not_a_record": N_("Only a linked record has fields of its own; “%(before)s” stands behind %(got)s."),
    "formula_no_row": N_("There is no row here."),
    "formula_no_target": N_("There is no target record here."),
    "formula_needs_table": N_("A table is expected here, and this is %(got)s."),
    "formula_cycle": N_("These fields compute each other in a circle: %(names)s."),
    "formula_bad_tree": N_("This stored formula cannot be read."),
    "formula_error": N_("The formula cannot be used."),
    "formula_gives": N_("The formula gives a value of the wrong type."),
}
