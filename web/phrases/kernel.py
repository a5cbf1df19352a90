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
    "wrong_login": N_("The log-in or the password is wrong."),
    "too_many_attempts": N_("Too many attempts. Please try again in a few minutes."),
    "reset_link_invalid": N_("This link has expired or was used already. Ask for a new one."),
    "password_too_short": N_("The password needs at least %(least)s characters."),
    "password_too_long": N_("The password may have at most %(most)s characters."),
    "password_is_login": N_("The password must differ from the log-in."),
    "unknown_link": N_("This link does not work any more."),
    "idempotency_key_reused": N_("This Idempotency-Key was already used for another request."),
    "idempotency_key_malformed": N_("This is no usable Idempotency-Key."),
    "mail_not_sent": N_("The mail could not be sent."),
    "unknown_person": N_("There is no such person."),
    "empty_file": N_("The file is empty."),
    "broken_image": N_("The picture cannot be read."),
    "too_many_pixels": N_("The picture has too many pixels."),
    "unaccepted_type": N_("Files of this type are not taken here."),
    "unknown_file": N_("This file does not exist, or you may not see it."),
}
