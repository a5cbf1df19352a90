"""A street with a public letter box: a workspace whose form `fault` may be reported about a `room` by anybody."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from formloom import guests
from formloom.clock import app_now
from formloom.db.uow import unit_of_work

from form_engine.definition import parse_form
from form_engine.records.actor import SYSTEM
from tests.security.town import fresh_key, picture, upload, visitor
from tests.web.conftest import Browser
from web.composition import Services

ROOM: dict[str, Any] = {
    "kind": "form",
    "key": "room",
    "title": "Room",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "required": True},
        {"key": "floor", "type": "text"},
        {"key": "tenant", "type": "text"},
        {"key": "usual", "type": "text"},
    ],
    "access": [{"role": "staff", "may": ["create", "read", "update", "delete"]}],
}
DEVICE: dict[str, Any] = {
    "kind": "form",
    "key": "device",
    "title": "Device",
    "display": ["name"],
    "number": "D-{seq:4}",
    "fields": [
        {"key": "name", "type": "text", "required": True},
        {"key": "note", "type": "text"},
        {"key": "room", "type": "link", "form": "room", "required": True},
        {"key": "price", "type": "number"},
    ],
    "access": [{"role": "staff", "may": ["create", "read", "update"]}],
}
FAULT: dict[str, Any] = {
    "kind": "form",
    "key": "fault",
    "title": "Fault",
    "number": "F-{seq:4}",
    "fields": [
        {"key": "room", "type": "link", "form": "room", "required": True},
        {"key": "floor", "type": "text"},
        {"key": "device", "type": "link", "form": "device", "filter": "target.room = room"},
        {"key": "tenant", "type": "formula", "value": "room.tenant"},
        {"key": "kind", "type": "text", "default": {"=": "room.usual"}},
        {"key": "what", "type": "text", "required": True, "max_length": 200},
        {"key": "photos", "type": "photo", "max": 3},
        {"key": "who", "type": "text", "max_length": 60},
        {"key": "secret", "type": "text"},
        {"key": "code", "type": "text"},
        {"key": "source", "type": "choice", "options": ["desk", "guest"], "default": "desk"},
        {
            "key": "status",
            "type": "choice",
            "options": ["new", "done"],
            "start": "new",
            "transitions": [["new", "done"]],
        },
    ],
    "unique": [["code"]],
    "access": [
        {"role": "staff", "may": ["create", "read", "update", "delete"]},
        {"role": "porter", "may": ["create", "read"]},
    ],
    "guest": {
        "fields": ["kind", "what", "photos", "who", "device", "code"],
        "prefill": ["kind"],
        "set": {"source": "guest"},
        "about": {"room": {"show": ["room", "floor"], "set": {"floor": {"=": "room.floor"}}}},
        "name": "who",
        "issued_by": ["porter"],
        "limits": {"address_hour": 3, "link_day": 5, "files": 2, "file_mb": 1},
        "receipt": {"fields": ["status", "what", "photos"], "days": 30},
    },
}


@dataclass
class Street:
    """The workspace, its records and the tokens of its doors."""

    app: Flask
    services: Services
    workspace: int
    ids: dict[str, int] = field(default_factory=dict)

    def publish(self, *forms: dict[str, Any]) -> None:
        """Make these definitions live."""
        for form in forms:
            parse_form(form)
        with unit_of_work(self.services.databases, self.workspace) as session:
            self.services.forms.publish_together(session, {each["key"]: each for each in forms}, SYSTEM)

    def add(self, called: str, form: str, **values: Any) -> int:
        """A record of the house."""
        with unit_of_work(self.services.databases, self.workspace) as session:
            made = self.services.records.create(session, self.services.forms, form, values, SYSTEM).id
        self.ids[called] = made
        return made

    def link(self, subject: str, days: int = 30) -> tuple[str, UUID]:
        """A new public link: its token and its id."""
        with unit_of_work(self.services.databases, self.workspace) as session:
            link = guests.issue(session, subject, valid_for=timedelta(days=days))
            return guests.token(self.services.settings, link), link.id

    def expire(self, link: UUID) -> None:
        """Time passes for one link."""
        with unit_of_work(self.services.databases, self.workspace) as session:
            guests.get(session, link).expires_at = app_now(session) - timedelta(seconds=1)

    def stored(self, form: str = "fault") -> list[dict[str, Any]]:
        """What lies in the database: documents with their number."""
        with unit_of_work(self.services.databases, self.workspace) as session:
            page = self.services.records.list_page(session, self.services.forms, form, SYSTEM)
            return [{**item.values, "id": item.id, "number": item.number} for item in page.items]


@dataclass
class Passer:
    """Somebody on the street with a phone."""

    browser: Browser
    token: str

    @classmethod
    def by(cls, street: Street, token: str, *, looks: bool = True) -> "Passer":
        """A new phone; `looks`: it opens the page and so has a visit."""
        passer = cls(visitor(street.app), token)
        if looks:
            assert passer.look().status_code == 200
        return passer

    def look(self) -> Any:
        """Open the page."""
        return self.browser.get(f"/q/{self.token}")

    def photo(self, **picture_of: Any) -> Any:
        """Send a picture."""
        return upload(self.browser, picture(**picture_of), "x.png", f"/q/{self.token}/files")

    def report(self, key: str | None = None, **values: Any) -> Any:
        """Send the form."""
        return self.browser.send("POST", f"/q/{self.token}", {"values": values}, key=key or fresh_key())

    def receipt(self, sent: Any) -> Any:
        """The page that the answer leads to."""
        return self.browser.get(path_of(sent))


def path_of(sent: Any) -> str:
    """`/v/<token>` of an answer."""
    found = re.search(r"/v/[\w-]+", sent.get_json()["next"])
    assert found
    return found[0]
