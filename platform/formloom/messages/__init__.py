"""Mail and text messages: a ledger first, then delivery through a port."""

from formloom.messages.delivery import Deliverer
from formloom.messages.ledger import KIND, LINK, latest, send, shown_body
from formloom.messages.ports import DevelopmentOutbox, Letter, SandboxSms, SmtpMail, Transport, transports

__all__ = [
    "KIND",
    "LINK",
    "Deliverer",
    "DevelopmentOutbox",
    "Letter",
    "SandboxSms",
    "SmtpMail",
    "Transport",
    "latest",
    "send",
    "shown_body",
    "transports",
]
