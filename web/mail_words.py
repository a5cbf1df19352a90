"""The words of mails that the web layer sends on its own behalf."""

from dataclasses import dataclass

from formloom.i18n import Catalogues

from web.phrases.marking import N_

RESET_SUBJECT = N_("Set a new password")
RESET_BODY = N_(
    "Hello %(name)s,\n\nwith this link you set a new password. It works once, for one hour:\n\n%(link)s\n\n"
    "If you did not ask for it, you need not do anything."
)
INVITATION_SUBJECT = N_("Your account")
INVITATION_BODY = N_(
    "Hello %(name)s,\n\nan account was opened for you. With this link you choose your password. It works once, for "
    "seven days:\n\n%(link)s"
)


@dataclass(frozen=True, slots=True)
class LinkWords:
    """Subject and body of a mail that brings a link for choosing a password, in the person's language."""

    catalogues: Catalogues
    subject: str
    body: str

    def __call__(self, locale: str, name: str) -> tuple[str, str]:
        """The body keeps ``{link}`` for the kernel, which alone knows the address."""
        body = self.catalogues.translate(self.body, locale, name=name.replace("{", "("), link="{link}")
        return self.catalogues.translate(self.subject, locale), body
