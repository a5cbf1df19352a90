"""Mails and text messages whose English stands in the engines, marked here for the catalogue."""

from web.phrases.marking import N_

LETTERS = (
    N_("Please confirm: %(title)s"),
    N_("Hello %(name)s,\n\nplease look at %(title)s and confirm it here:\n{link}"),
    N_("Reminder: %(title)s"),
    N_("%(step)s is still waiting for you: %(title)s."),
    N_("Overdue: %(title)s"),
    N_("%(step)s has not been decided in time: %(title)s."),
)
