"""Ways out of the house: SMTP, and two that only pretend (the page `/dev/outbox` shows what they were given)."""

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, ClassVar, Literal, Protocol

import structlog

from formloom.errors import ExternalFailure
from formloom.settings import MailSettings, Settings

SMTP_SECONDS = 20

Outcome = Literal["sent", "kept"]
"""What the ledger says of a message that a transport took."""

_log = structlog.get_logger(__name__)


class Undeliverable(ExternalFailure):
    """It will never be taken as it is: no use in trying again. `receipt` is what the transport learned all the same."""

    def __init__(self, code: str, params: Mapping[str, object] | None = None, receipt: Any = None) -> None:
        super().__init__(code, params)
        self.receipt = receipt


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. `key` is the same when it is sent again after a fault, for receivers that can tell.

    `at` is what the channel must know besides: keys, devices, files.
    """

    key: str
    recipient: str
    subject: str
    body: str
    at: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Transport(Protocol):
    """A way out."""

    outcome: ClassVar[Outcome]

    def deliver(self, letter: Letter) -> object:
        """Hand it to the next hop; gives back a receipt, for channels that have one.

        Raises ExternalFailure when that did not take it (it is tried again later), Undeliverable when it never will.
        """


class SmtpMail:
    """Mail through one SMTP server, TLS certificates verified."""

    outcome: ClassVar[Outcome] = "sent"

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def deliver(self, letter: Letter) -> None:
        """Send one mail. Its Message-ID comes from the key, so that mail servers drop a second copy."""
        settings = self._settings
        mail = EmailMessage()
        mail["From"], mail["To"] = settings.sender, _one_line(letter.recipient)
        mail["Subject"] = _one_line(letter.subject)
        mail["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9.-]', '-', letter.key)}@formloom>"
        mail.set_content(letter.body)
        for part in letter.at.get("files", ()):
            kind, _, subtype = part["media_type"].partition("/")
            mail.add_attachment(part["content"], maintype=kind, subtype=subtype, filename=_one_line(part["name"]))
        try:
            with self._connected() as server:
                if settings.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if settings.username:
                    server.login(settings.username, settings.password or "")
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise ExternalFailure("mail_not_sent", {"reason": type(error).__name__}) from error

    def _connected(self) -> smtplib.SMTP:
        host, port = self._settings.host or "", self._settings.port
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=SMTP_SECONDS)


class DevelopmentOutbox:
    """Keeps the message where it is: in the ledger, which a page shows and which never calls it sent."""

    outcome: ClassVar[Outcome] = "kept"

    def deliver(self, letter: Letter) -> None:
        """Nothing leaves the house."""
        _log.info("message_kept", key=letter.key)


class SandboxSms(DevelopmentOutbox):
    """Text messages that cost nothing. A provider's port takes its place."""


def transports(settings: Settings) -> Mapping[str, Transport]:
    """Mail and text messages, as these settings have them."""
    mail: Transport = SmtpMail(settings.mail) if settings.mail.host else DevelopmentOutbox()
    return {"mail": mail, "sms": SandboxSms()}


def _one_line(text: str) -> str:
    """No header of ours begins a second one."""
    return " ".join(text.split())
