"""The words of mails that the web layer sends on its own behalf."""

from dataclasses import dataclass

from formloom.i18n import Catalogues

from web.phrases.marking import N_

RESET_SUBJECT = N_("Set a new password")
RESET_BODY = N_(
    "Hello %(name)s,\n\nwith this link you set a new password. It works once, for one hour:\n\n%(link)s\n\n"
    "If you did not ask for it, you need not do anything."
)


@dataclass(frozen=True, slots=True)
class ResetWords:
    """Subject and body of the mail that resets a password, in the person's language."""

    catalogues: Catalogues

    def __call__(self, locale: str, name: str) -> tuple[str, str]:
        """The body keeps ``{link}`` for the kernel, which alone knows the address."""
        body = self.catalogues.translate(RESET_BODY, locale, name=name.replace("{", "("), link="{link}")
        return self.catalogues.translate(RESET_SUBJECT, locale), body
