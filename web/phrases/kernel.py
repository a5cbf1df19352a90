"""What the kernel may say: settings, accounts, files, delivery."""

from web.phrases.marking import N_

PHRASES = {
    "bad_settings": N_("The settings are incomplete."),
    "not_a_number": N_("This is not a number."),
    "not_a_flag": N_("This must be yes or no."),
    "not_an_url": N_("This is not a web address."),
    "not_postgresql": N_("Only PostgreSQL can be used."),
    "known_secret": N_("This secret is publicly known."),
    "unknown_choice": N_("This is none of the possible choices."),
    "too_small": N_("This is too small."),
    "pool_exhausted": N_("Many people are at work right now. Please try again in a moment."),
    "database_away": N_("The database does not answer at the moment. Please try again."),
    "login_taken": N_("There is already an account with this log-in."),
    "unknown_role": N_("There is no such role."),
    "unknown_person": N_("There is no such person."),
}
