"""A town to attack: two workspaces with the leasing preset, people who are logged in, payments under way.

It is built once a session, because nothing that these tests try may change a row; the few that change something make
records of their own.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from formloom import guests, jobs, messages, notifications
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import OutboxItem, PushSubscription
from formloom.people import create_person
from PIL import Image
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from flow_engine.models import FlowReport, Run, Task
from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import House
from tests.apps.office import Office as LeasingOffice
from tests.security.probe import FORMS
from tests.web.conftest import BASE, PASSWORD, Browser
from web.composition import Services

STAFF = ("agent", "finance1", "finance2", "supervisor", "admin")
NOBODY = "stranger"
"""Somebody who works here and holds no role."""

_keys = itertools.count(1)


def fresh_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return f"security-{next(_keys):06}"


@dataclass
class Side:
    """One workspace: its office, its logged-in people, and the ids of what is in it."""

    workspace: int
    office: LeasingOffice
    people: dict[str, int] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)


@dataclass
class Town:
    """`home` is where the attackers work, `abroad` is the workspace that they must not notice."""

    app: Flask
    services: Services
    home: Side
    abroad: Side

    def browser(self, who: str) -> Browser:
        """Somebody of `home`, or `anonymous`."""
        return self.home.browsers[who]

    def session(self, side: Side | None = None) -> Any:
        """A unit of work of a side."""
        return unit_of_work(self.services.databases, (side or self.home).workspace)

    @contextlib.contextmanager
    def unchanged(self, *besides: str) -> Iterator[None]:
        """Whatever happens inside leaves every row of every table as it was, except in tables named."""
        before = digests(self.services.databases, besides)
        yield
        after = digests(self.services.databases, besides)
        assert {name for name in after if after[name] != before[name]} == set()

    def pay(self, bill: str = "bill12", amount: str = "10.00") -> int:
        """A new payment that waits for its customer."""
        return self.home.office.pay(bill, amount)

    def at_finance(self, bill: str = "bill12", amount: str = "10.00") -> int:
        """A new payment that finance has to review."""
        payment = self.pay(bill, amount)
        self.home.office.decide(payment, "customer", "approve")
        return payment

    def at_supervisor(self, bill: str = "bill12", amount: str = "10.00") -> int:
        """A new payment that waits for the final approval."""
        payment = self.at_finance(bill, amount)
        self.home.office.allocate(payment, "finance1", **{bill: amount})
        return payment

    def task_of(self, payment: int, who: str) -> int:
        """The open task that this person has for the payment."""
        return self.home.office.task(payment, who)[0].id

    def guest_token(self, payment: int, side: Side | None = None) -> str:
        """The token of the customer's open link."""
        side = side or self.home
        task, _ = side.office.task(payment, "customer")
        assert task.guest_link_id is not None
        with self.session(side) as session:
            return guests.token(self.services.settings, guests.get(session, task.guest_link_id))

    def link_id(self, payment: int) -> UUID:
        """The id of the customer's open link."""
        found = self.home.office.task(payment, "customer")[0].guest_link_id
        assert found is not None
        return found

    def stored(self, table: str, **where: Any) -> list[Mapping[str, Any]]:
        """Rows as they lie in the database, of all workspaces."""
        wanted = " AND ".join(f"{name} = :{name}" for name in where) or "true"
        with self.services.databases.owner.connect() as connection:
            connection.execute(text("SET row_security = off"))
            rows = connection.execute(text(f"SELECT * FROM {table} WHERE {wanted}"), where).mappings()
            return [dict(row) for row in rows]


# What a look changes: when somebody was last seen, and that a guest has opened their link.
_LOOKING = {"login_session": "seen_at", "guest_link": "opened_at"}


_known: dict[tuple[str, ...], tuple[str, dict[str, str]]] = {}


def digests(databases: Databases, leave_out: tuple[str, ...] = ()) -> dict[str, str]:
    """A digest of the content of each table, over all workspaces."""
    with databases.server.connect(None, autocommit=True) as connection:
        # Whoever writes takes a transaction number: as long as none was taken, nothing can be different.
        ((moment,),) = connection.execute("SELECT current_database() || pg_current_snapshot()::text").fetchall()
        if _known.get(leave_out, ("", {}))[0] == moment:
            return _known[leave_out][1]
        names = [
            row[0]
            for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            ).fetchall()
            if row[0] not in leave_out
        ]
        parts = " UNION ALL ".join(
            f"SELECT '{name}', count(*) || ':' || coalesce(sum(hashtextextended({_as_text(name)}, 0)), 0) FROM {name} t"
            for name in names
        )
        found = dict(connection.execute(parts).fetchall())
    _known[leave_out] = moment, found
    return found


def _as_text(table: str) -> str:
    column = _LOOKING.get(table)
    return f"(to_jsonb(t) - '{column}')::text" if column else "t::text"


def found_side(services: Services, app: Flask, key: str, workspace: int) -> Side:
    """Fill a workspace and log its people in."""
    house = House(
        services.databases,
        services.access,
        services.files,
        services.forms,
        services.records,
        services.flows,
        services.stores,
        services.runner,
        services.timer_handlers,
    )
    office = _open_office(house, workspace, key)
    side = Side(workspace, office)
    with unit_of_work(services.databases, workspace) as session:
        nobody = create_person(session, f"{NOBODY}@{key}.test", NOBODY)
        side.people = {name: actor.person_id or 0 for name, actor in office.people.items()} | {NOBODY: nobody.id}
        for person in side.people.values():
            services.access.set_password(session, person, PASSWORD)
    for name in side.people:
        side.browsers[name] = entered(app, f"{name}@{key}.test")
    side.browsers["anonymous"] = visitor(app)
    _work(services, side)
    return side


def _publish_letter(session: Session, house: House) -> None:
    """A document that is made from a Word template; the receipt is one of blocks."""
    from docx import Document

    source, out = Document(), BytesIO()
    source.add_paragraph("{{ payer }}")
    source.save(out)
    out.seek(0)
    stored = house.files.store(session, out, "letter.docx", SYSTEM.ref)
    house.stores.documents.hold_files(session, "letter", frozenset({stored.id}))
    letter = {"kind": "document", "key": "letter", "title": "Letter", "form": "payment", "docx": str(stored.id)}
    house.stores.documents.publish_together(session, {"letter": letter}, SYSTEM)


def _open_office(house: House, workspace: int, key: str) -> LeasingOffice:
    """As `LeasingOffice.open`, with log-ins of this workspace: a log-in is unique in the installation."""
    from apps import bundle, install
    from apps.demo import FOLDER
    from tests.apps.office import PEOPLE

    office = LeasingOffice(house, workspace)
    with unit_of_work(house.databases, workspace) as session:
        install.install(session, house.stores, bundle.read(FOLDER), SYSTEM)
        for name, roles in PEOPLE.items():
            person = create_person(session, f"{name}@{key}.test", name, roles=roles)
            office.people[name] = Actor.person(person.id, frozenset(roles), name)
    office._rent_out()
    with unit_of_work(house.databases, workspace) as session:
        house.forms.publish_together(session, FORMS, SYSTEM)
        _publish_letter(session, house)
    office.add("dossier", "dossier", name="Known", open=False, secret="424242", whisper="psst-psst")
    customer = {"customer_no": "KH2", "name": "Secretive Ltd", "phone": "138-1234-5678", "payer_account": "6222-SECRET"}
    office.add("secret_customer", "customer", **customer)
    office.add(
        "bill_big", "bill", bill_no="ZD-big", contract=office.ids["contract"], amount="900000.00", due="2025-12-01"
    )
    other = {
        "unit": office.ids["unit"],
        "customer": office.ids["secret_customer"],
        "owner": office.people["admin"].person_id,
    }
    term = {"start": "2024-01-01", "end": "2024-12-31", "monthly_rent": "1.00"}
    office.add("admins_contract", "contract", contract_no="HT-ADMIN", **other, **term)
    office.add(
        "admins_bill",
        "bill",
        bill_no="ZD-ADMIN",
        contract=office.ids["admins_contract"],
        amount="5.00",
        due="2025-01-01",
    )
    return office


def _work(services: Services, side: Side) -> None:
    """One payment at every stage, and the ids of everything that one could try."""
    office = side.office
    waiting = office.pay("bill10", "400.00")
    reviewed = office.pay("bill11", "400.00")
    office.decide(reviewed, "customer", "approve")
    side.ids = {**office.ids, "waiting": waiting, "reviewed": reviewed}
    with unit_of_work(services.databases, side.workspace) as session:
        task = session.query(Task).filter(Task.record_id == reviewed, Task.person_id == side.people["finance1"]).one()
        run = session.query(Run).filter(Run.record_id == reviewed).one()
        slip = office.house.records.get(session, office.house.forms, reviewed, SYSTEM).data["slip"]
        assert isinstance(slip, list)
        side.ids |= {"task": task.id, "run": run.id, "file": str(slip[0])}
        by = Actor.person(side.people["admin"]).ref
        _ways(session, side)
        _away(services, session, side)
        side.ids["job"] = jobs.start(session, "export", {}, by=by, title="An export")
    admin, contract = side.browsers["admin"], office.ids["contract"]
    said = admin.send("POST", f"/api/v1/records/{contract}/comments", {"body": "between us"}, key=fresh_key())
    side.ids["comment"] = said.get_json()["id"]
    sheet = upload(admin, BytesIO(b"text,figure\na,1\n"), "sheet.csv", "/api/v1/forms/probe/imports")
    side.ids["batch"] = sheet.get_json()["id"]


def visitor(app: Flask) -> Browser:
    """A browser in which nobody is logged in."""
    browser = Browser(client_of(app))
    browser.read_token()
    return browser


def entered(app: Flask, login: str, password: str = PASSWORD) -> Browser:
    """A browser in which this account is logged in."""
    browser = visitor(app)
    assert browser.submit("/login", login=login, password=password).status_code == 303
    browser.read_token("/")
    return browser


def client_of(app: Flask) -> FlaskClient:
    """A client with cookies of its own."""
    client: FlaskClient = app.test_client()
    return client


def picture(size: tuple[int, int] = (2, 2), kind: str = "PNG") -> BytesIO:
    """A small real image."""
    made = BytesIO()
    Image.new("RGB", size).save(made, kind)
    made.seek(0)
    return made


def upload(browser: Browser, content: BytesIO, name: str, path: str = "/api/v1/files") -> Any:
    """Send a file as the page's script does."""
    return browser.client.post(
        path,
        base_url=BASE,
        data={"file": (content, name)},
        headers={"X-CSRF-Token": browser.token, "Accept": "application/json"},
    )


def _ways(session: Session, side: Side) -> None:
    """A message, a device and a line under the bell of the reviewer."""
    person = side.people["finance1"]
    about: dict[str, Any] = {
        "channel": "mail",
        "recipient": "x@example.test",
        "subject": "Secretive",
        "body": "…",
        "key": "town",
    }
    side.ids["message"] = messages.post(session, messages.Line(**about, person=person)) or 0
    notifications.notify(session, [person], "notice", {"text": "…", "must": True}, "/inbox?task=1")
    side.ids["note"] = notifications.latest(session, person, 1)[0].id
    row = {"workspace_id": side.workspace, "person_id": person, "endpoint": "https://push.test/1", "keys": {}}
    side.ids["device"] = session.execute(
        insert(PushSubscription).values(row).returning(PushSubscription.id)
    ).scalar_one()


def _away(services: Services, session: Session, side: Side) -> None:
    """The second reviewer will be away some day."""
    person, proxy = side.people["finance2"], side.people["supervisor"]
    begins = app_now(session) + timedelta(days=300)
    declare = services.flows.seating.declare
    made = declare(session, person, proxy, begins, begins + timedelta(days=1), Actor.person(person))
    side.ids |= {"person": person, "absence": made.id}
    report = FlowReport(at=begins, code="chain_too_deep", flow="payment_confirmation", params={})
    report.workspace_id = side.workspace
    session.add(report)
    letter = OutboxItem(key="call:1", kind="flow.call", payload={"run": 1}, attempts=8, dead_at=begins)
    letter.workspace_id = side.workspace
    session.add(letter)
    session.flush()
    side.ids |= {"report": report.id, "letter": letter.id}
