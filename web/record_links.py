"""The addresses that documents show as QR codes."""

from collections.abc import Mapping
from dataclasses import dataclass

from formloom import guests
from formloom.clock import app_now
from formloom.settings import Settings
from sqlalchemy.orm import Session

from flow_engine.service import Flows


@dataclass(frozen=True, slots=True)
class RecordLinks:
    """`links(session, record)`: the record's own page, and the door of the guest who is asked about it now."""

    settings: Settings
    flows: Flows

    def __call__(self, session: Session, record_id: int) -> Mapping[str, str]:
        found = {"record": f"{self.settings.public_url}/records/{record_id}"}
        link_id = self.flows.guest_link(session, record_id)
        if link_id is not None:
            link = guests.get(session, link_id)
            if link.revoked_at is None and link.expires_at > app_now(session):
                found["guest"] = guests.address(self.settings, session, f"guest:{link_id}")
        return found
