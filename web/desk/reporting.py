"""Taking a guest's report in: within its limits, once, with a receipt."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID

from formloom import guests, idempotency
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Throttled
from formloom.models import GuestLink
from sqlalchemy.orm import Session

from form_engine.definition import Limits
from form_engine.records.actor import Actor
from form_engine.records.guests import Opening
from web.context import services, transaction
from web.desk.report_page import opening_of

CODES = ("already_reported", "visit_over", "reports_full")
DAY = timedelta(days=1)
HOUR_SECONDS = 3600
TRIES = 5
"""So many times more may be sent than may be reported: forms are corrected."""
MOST_NAME = 200


def network(address: str) -> str:
    """Whom an address belongs to: an IPv6 subscriber has a /64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(getattr(found, "ipv4_mapped", None) or found)


def is_used(session: Session, visit: UUID) -> bool:
    """Whether the visit has made its report."""
    return session.get(GuestLink, (workspace_of(session), visit)) is not None


@dataclass(frozen=True, slots=True)
class Reporting:
    """One visit of a public link that reports, from an address."""

    workspace_id: int
    link_id: UUID
    visit: UUID
    network: str
    limits: Limits

    def report(self, values: dict[str, Any], key: str, body: bytes) -> str:
        """Make the record; the receipt's address. The same request again gets the first answer.

        Raises Throttled above the limits of the definition, Conflict `already_reported` for another report of this
        visit, InvalidInput with all that is wrong.
        """
        throttle, link = services().access.throttle, self.link_id.hex
        throttle.count_hour(self.limits.address_hour * TRIES, "report_try", link, self.network)
        actor, print_ = Actor.guest(self.visit), idempotency.fingerprint("POST", link, body)
        with transaction(self.workspace_id) as session:
            first = idempotency.first_answer(session, actor.ref, key, print_)
            if first is not None:
                return str(first.body["next"])
            opening = opening_of(session, self.link_id)
            self._room(session)
            receipt = self._receipt(session, opening, values)
            reporter = Actor.guest(self.visit, receipt.name)
            record = services().guests.report(session, services().forms, opening, values, reporter)
            receipt.subject = f"record:{record.id}"
            session.flush()
            # Counted when all is well, so that correcting a form costs nothing; refused here, it is as if never sent.
            throttle.count_hour(self.limits.address_hour, "report", link, self.network)
            answer = guests.address(services().settings, session, f"receipt:{self.visit}")
            idempotency.keep(session, actor.ref, key, print_, idempotency.Answer(201, {"next": answer}))
        return answer

    def _room(self, session: Session) -> None:
        """What came by this link within a day is counted in the database: no restart and no second process forgives."""
        if guests.made_since(session, f"guest:{self.link_id}", DAY) >= self.limits.link_day:
            raise Throttled("reports_full", {"retry_after": HOUR_SECONDS})

    def _receipt(self, session: Session, opening: Opening, values: dict[str, Any]) -> GuestLink:
        """The link by which the guest follows the report, under the visit's own id: a visit reports once."""
        guest = opening.guest.definition
        if is_used(session, self.visit):
            raise Conflict("already_reported")
        said = values.get(guest.name) if guest.name is not None and guest.name in opening.fields else None
        name = said.strip()[:MOST_NAME] if isinstance(said, str) else ""
        valid_for = timedelta(days=guest.receipt.days)
        made_by = f"guest:{self.link_id}"
        return guests.issue(session, "record:", name, valid_for=valid_for, ident=self.visit, made_by=made_by)
