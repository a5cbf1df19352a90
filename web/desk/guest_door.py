"""The customer's door as staff see it: the address, its QR code, until when it opens."""

from dataclasses import dataclass
from datetime import datetime

from formloom import guests
from markupsafe import Markup

from web.context import services
from web.desk.world import World
from web.qr import qr_svg
from web.speech import gettext


@dataclass(frozen=True, slots=True)
class GuestDoor:
    """An open guest link of a record."""

    name: str
    url: str
    qr: Markup
    expires_at: datetime


def guest_door(world: World, record_id: int) -> GuestDoor | None:
    """The open door of this record, if somebody outside is asked now and the link still opens."""
    link_id = services().flows.guest_link(world.session, record_id)
    if link_id is None:
        return None
    link = guests.get(world.session, link_id)
    if link.revoked_at is not None or link.expires_at <= world.context.now:
        return None
    url = guests.address(services().settings, world.session, f"guest:{link_id}")
    return GuestDoor(link.name, url, qr_svg(url, gettext("QR code of the link for the customer")), link.expires_at)
