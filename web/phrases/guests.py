"""What people without an account are told about public links and what they report."""

from web.phrases.marking import N_

PHRASES = {
    "already_reported": N_("This was sent already. Open the page again to report something else."),
    "visit_over": N_("This page lay open for too long, or cookies are blocked. Reload it; what you typed is kept."),
    "reports_full": N_("Too much was reported by this link today. Please try again later or call us."),
    "too_many_files": N_("At most %(most)s files can be sent."),
    "no_public_links": N_("There are no public links about these records."),
}
