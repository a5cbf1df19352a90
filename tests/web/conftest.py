"""An application around the test's database, with a small app in it and people who log in like people."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.settings import Settings
from werkzeug.test import TestResponse

from apps import bundle
from apps.install import install
from form_engine.records.actor import SYSTEM
from web import create_app
from web.composition import Services, compose

LEAVE = Path(__file__).parents[1] / "data" / "apps" / "leave"
PASSWORD = "a long enough password"
BASE = "https://formloom.test"
REQUEST = {"type": "annual", "from": "2026-03-02", "to": "2026-03-04"}


@pytest.fixture
def services(databases: Databases, settings: Settings) -> Iterator[Services]:
    """Everything composed; no thread runs."""
    composed = compose(settings, databases)
    yield composed
    composed.streams.close()
    composed.listener.close()


@pytest.fixture
def app(services: Services, settings: Settings) -> Flask:
    """The application as it serves."""
    return create_app(settings, services)


@dataclass
class Browser:
    """A browser: keeps cookies, sends the token of the page with what it changes."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Look at a page."""
        return self.client.get(path, base_url=BASE, **kwargs)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> TestResponse:
        """Send JSON as the page's script does."""
        sent = {"X-CSRF-Token": self.token, "Accept": "application/json", **headers}
        if key:
            sent["Idempotency-Key"] = key
        raw = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.open(
            path, method=method, base_url=BASE, headers=sent, content_type="application/json", **raw
        )

    def submit(self, path: str, **fields: str) -> TestResponse:
        """Submit an HTML form."""
        return self.client.post(path, base_url=BASE, data={"csrf_token": self.token, **fields})

    def read_token(self, path: str = "/login") -> None:
        """Take the token that a page carries."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get(path).text)
        assert found
        self.token = found[1]


@pytest.fixture
def anonymous(app: Flask) -> Browser:
    """Somebody who has not logged in."""
    browser = Browser(app.test_client())
    browser.read_token()
    return browser


@pytest.fixture
def log_in(app: Flask, services: Services, workspace: int) -> Callable[[Person], Browser]:
    """`log_in(person)`: a browser in which this person is logged in."""

    def enter(person: Person) -> Browser:
        with unit_of_work(services.databases, workspace) as session:
            services.access.set_password(session, person.id, PASSWORD)
        browser = Browser(app.test_client())
        browser.read_token()
        answer = browser.submit("/login", login=person.login, password=PASSWORD)
        assert answer.status_code == 303
        browser.read_token("/")
        return browser

    return enter


@dataclass
class Office:
    """A workspace with the leave app and three people."""

    employee: Browser
    manager: Browser
    admin: Browser
    people: dict[str, Person]

    def ask(self, key: str = "request-0001", **values: Any) -> int:
        """The employee asks for leave; the id of the record."""
        answer = self.employee.send("POST", "/api/v1/forms/leave/records", {"values": {**REQUEST, **values}}, key=key)
        assert answer.status_code == 201, answer.text
        return int(answer.json["id"])  # type: ignore[index]

    def task(self) -> int:
        """The manager's first task."""
        return int(self.manager.get("/api/v1/tasks").json["items"][0]["task"])  # type: ignore[index]


@pytest.fixture
def office(
    services: Services,
    workspace: int,
    make_person: Callable[..., Person],
    log_in: Callable[[Person], Browser],
) -> Office:
    """Leave requests at work: an employee asks, a manager decides, an admin designs."""
    with unit_of_work(services.databases, workspace) as session:
        install(session, services.stores, bundle.read(LEAVE), SYSTEM)
    people = {
        "employee": make_person("Emil", "employee"),
        "manager": make_person("Mara", "manager"),
        "admin": make_person("Ada", "admin"),
    }
    return Office(**{role: log_in(person) for role, person in people.items()}, people=people)
