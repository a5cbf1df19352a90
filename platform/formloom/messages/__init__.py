"""What is said to people and programs: a ledger first, then delivery through a port."""

from formloom.messages.delivery import Address, Deliverer, Heard
from formloom.messages.ledger import (
    CHANNELS,
    KIND,
    LINK,
    RESENDABLE,
    STATUSES,
    Channel,
    Line,
    mark_read,
    post,
    resend,
    send,
    shown_body,
)
from formloom.messages.listing import Wanted, figures, listing
from formloom.messages.ports import (
    DevelopmentOutbox,
    Letter,
    SandboxSms,
    SmtpMail,
    Transport,
    Undeliverable,
    transports,
)

__all__ = [
    "CHANNELS",
    "KIND",
    "LINK",
    "RESENDABLE",
    "STATUSES",
    "Address",
    "Channel",
    "Deliverer",
    "DevelopmentOutbox",
    "Heard",
    "Letter",
    "Line",
    "SandboxSms",
    "SmtpMail",
    "Transport",
    "Undeliverable",
    "Wanted",
    "figures",
    "listing",
    "mark_read",
    "post",
    "resend",
    "send",
    "shown_body",
    "transports",
]
