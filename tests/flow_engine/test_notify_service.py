"""notify and webhook on a real database: who reads what, by which way, once; answers, incidents, acknowledgements."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from formloom import channels, messages, notifications
from formloom.connections import Connections
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidDefinition
from formloom.files import FileStore
from formloom.messages.ways import deliverer
from formloom.models import Message, Person
from formloom.outbox import Relay, Runner
from formloom.outgoing import Outgoing, parse_network
from formloom.settings import Settings
from formloom.timers import Clock
from sqlalchemy import select, text

from flow_engine.service import Flows, handlers, timer_handlers
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.platform.backends import Inline, make_due
from tests.platform.receivers import Receiver, plain, receiver

MEMO: dict[str, Any] = {
    "kind": "form",
    "key": "memo",
    "title": {"en": "Memo"},
    "display": ["subject"],
    "fields": [
        {"key": "subject", "type": "text", "label": "Subject"},
        {"key": "secret", "type": "text", "label": "Secret"},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
        {"key": "phone", "type": "phone", "label": "Phone"},
        {"key": "answer", "type": "text", "label": "Answer"},
        {"key": "price", "type": "money", "currency": "CNY", "label": "Price"},
    ],
    "access": [
        {"role": "chief", "may": ["create", "read", "update"]},
        {"role": "clerk", "may": ["read"], "fields": {"secret": "hidden", "*": "read"}},
    ],
}


def flow(*steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "flow", "key": "spread", "title": {"en": "Spread"}, "form": "memo", "trigger": {"on": "submit"},
        "steps": list(steps),
    }  # fmt: skip


@dataclass
class Office:
    """People with addresses, a memo form, and everything that is sent worked off by `go`."""

    databases: Databases
    workspace: int
    forms: FormStore
    records: Records
    flows: Flows
    people: dict[str, Person]
    runner: Runner
    connections: Connections

    def work(self) -> Any:
        return unit_of_work(self.databases, self.workspace)

    def actor(self, name: str) -> Actor:
        return Actor.person(self.people[name].id, frozenset({"chief" if name == "chief" else "clerk"}), name)

    def publish(self, *steps: dict[str, Any]) -> None:
        with self.work() as session:
            self.flows.definitions.publish_together(session, {"spread": flow(*steps)}, SYSTEM)

    def memo(self, **values: Any) -> int:
        told = {"subject": "Prices", "secret": "S-42", "amount": "1234.50", **values}
        with self.work() as session:
            return self.records.create(session, self.forms, "memo", told, self.actor("chief")).id

    def go(self) -> None:
        while Relay(self.databases, Inline(self.runner)).run_once():
            pass

    def ledger(self, **wanted: Any) -> list[Message]:
        with self.work() as session:
            return list(reversed(messages.listing(session, messages.Wanted(**wanted))))

    def bell(self, name: str) -> list[Any]:
        with self.work() as session:
            return list(notifications.latest(session, self.people[name].id))

    def tasks(self, record: int) -> list[Any]:
        statement = text(
            "SELECT * FROM task WHERE record_id = :record AND status = 'open' AND kind <> 'cc' ORDER BY id"
        )
        with self.work() as session:
            return list(session.execute(statement, {"record": record}).mappings())

    def status(self, record: int) -> str:
        with self.work() as session:
            return str(session.execute(text("SELECT status FROM run WHERE record_id = :r"), {"r": record}).scalar_one())

    def value(self, record: int, field: str) -> Any:
        with self.work() as session:
            return self.records.get(session, self.forms, record, SYSTEM).data.get(field)

    def verify(self) -> None:
        with self.work() as session:
            for run in list(self.flows.run_ids(session)):
                replayed = self.flows.replay(session, run)
                assert replayed.ok, replayed.differences


@pytest.fixture
def office(databases: Databases, workspace: int, settings: Settings, make_person: Callable[..., Person]) -> Office:
    forms = FormStore()
    flows = Flows(databases, forms)
    records = Records(subscribers=(flows.record_changed,))
    people = {name: make_person(name, "chief" if name == "chief" else "clerk") for name in ("chief", "ann", "ben")}
    people["admin"] = make_person("admin", "admin")
    with unit_of_work(databases, workspace) as session:
        for name, person in people.items():
            kept = session.merge(person)
            kept.email, kept.locale = f"{name}@example.test", "zh-CN" if name == "ben" else "en"
        forms.publish_together(session, {"memo": MEMO}, SYSTEM)
    outgoing = Outgoing((parse_network("127.0.0.1"),))
    connections = Connections(settings, outgoing)
    deliver = deliverer(settings, outgoing, connections, FileStore.of(settings), flows.replies())
    runner = Runner(
        databases,
        {messages.KIND: deliver, **handlers(flows)},
        given_up={messages.KIND: deliver.given_up},
        most_attempts=2,
    )
    return Office(databases, workspace, forms, records, flows, people, runner, connections)


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


TELL: dict[str, Any] = {
    "key": "tell",
    "type": "notify",
    "to": [{"role": "chief"}, {"role": "clerk"}],
    "subject": {"en": "About {subject}", "zh-CN": "关于 {subject}"},
    "text": {"en": "{amount}, secret {secret}.", "zh-CN": "金额 {amount}，密级 {secret}。"},
}


def test_each_reads_what_they_may_in_their_language(office: Office) -> None:
    office.publish(TELL)
    office.memo()
    office.go()
    said = {one.recipient: (one.subject, one.body, one.status) for one in office.ledger(channel="mail")}
    assert said["chief@example.test"] == ("About Prices", "¥1,234.50, secret S-42.", "kept")
    assert said["ann@example.test"] == ("About Prices", "¥1,234.50, secret .", "kept")
    assert said["ben@example.test"] == ("关于 Prices", "金额 ¥1,234.50，密级 。", "kept")
    (line,) = [line for line in office.bell("ann") if line.kind == "notice"]
    assert line.params["text"] == {"en": "¥1,234.50, secret .", "zh-CN": "金额 ¥1,234.50，密级 。"}
    assert all("S-42" not in str(line.params) for name in ("ann", "ben") for line in office.bell(name))


def test_nothing_in_a_record_is_executed(office: Office) -> None:
    office.publish(TELL)
    office.memo(subject="{secret} {{7*7}} %(title)s {link}", amount="1.00")
    office.go()
    (mail,) = [one for one in office.ledger(channel="mail") if one.recipient == "ann@example.test"]
    assert mail.subject == "About {secret} {{7*7}} %(title)s "


def test_one_line_a_recipient_and_channel_however_often_the_job_runs(office: Office) -> None:
    office.publish({**TELL, "channels": ["bell", "mail"]})
    office.memo()
    office.go()
    first = [(one.key, one.channel) for one in office.ledger()]
    with office.databases.owner.begin() as connection:
        connection.execute(text("UPDATE outbox SET done_at = NULL WHERE kind = 'flow.tell'"))
    make_due(office.databases)
    office.go()
    assert [(one.key, one.channel) for one in office.ledger()] == first
    assert len(first) == 6
    assert [len([line for line in office.bell(name) if line.kind == "notice"]) for name in ("chief", "ann", "ben")] == [
        1
    ] * 3


def test_own_choice_and_reading(office: Office) -> None:
    with office.work() as session:
        channels.choose(session, office.people["ann"].id, channels.Choice({"notice": ()}))
    office.publish(TELL)
    record = office.memo()
    office.go()
    assert [one.recipient for one in office.ledger(channel="mail")] == ["chief@example.test", "ben@example.test"]
    with office.work() as session:
        assert notifications.mark_seen(session, office.people["ann"].id, f"/records/{record}")
    read = {one.recipient: one.status for one in office.ledger(channel="bell")}
    assert read == {"chief": "delivered", "ann": "read", "ben": "delivered"}


ACKNOWLEDGED: dict[str, Any] = {
    **TELL,
    "to": [{"role": "clerk"}],
    "acknowledge": {"within": "P1D", "then": {"escalate": {"role": "chief"}}},
}


def test_acknowledged_by_all_or_escalated_once(office: Office, clock: Any) -> None:
    office.publish(ACKNOWLEDGED)
    with office.work() as session:
        channels.choose(session, office.people["ann"].id, channels.Choice({"notice": (), "task": ()}))
    record = office.memo()
    office.go()
    assert len(office.tasks(record)) == 2
    assert len(office.ledger(channel="bell")) == 2
    (line,) = [line for line in office.bell("ann") if line.kind == "notice"]
    assert line.link == f"/inbox?task={office.tasks(record)[0]['id']}"

    def acknowledge(name: str) -> None:
        task = next(one for one in office.tasks(record) if one["person_id"] == office.people[name].id)
        office.flows.decide(office.workspace, task["id"], office.actor(name), "acknowledge")

    acknowledge("ann")
    clocks = Clock(office.databases, timer_handlers(office.flows))
    clock.advance(hours=25)
    clocks.tick()
    clock.advance(hours=100)
    clocks.tick()
    office.go()
    assert [one.recipient for one in office.ledger(kind="escalation")] == ["chief@example.test"]
    assert office.status(record) == "running"
    acknowledge("ben")
    assert office.status(record) == "approved"
    office.verify()


def test_a_guest_acknowledges_by_a_link_of_their_own(office: Office) -> None:
    guest = {"guest": {"name": "subject", "phone": "phone"}}
    office.publish(
        {"key": "ask", "type": "fill", "by": guest, "fields": {"subject": "read", "answer": "write"}},
        {**ACKNOWLEDGED, "to": [{"guest": "ask"}], "fields": {"subject": "read", "amount": "read"}},
    )
    record = office.memo(phone="13800138000")
    office.go()
    (first,) = office.tasks(record)
    office.flows.decide(
        office.workspace, first["id"], Actor.guest(first["guest_link_id"], "Prices"), "submit", changes={"answer": "ok"}
    )
    office.go()
    (second,) = office.tasks(record)
    assert second["guest_link_id"] != first["guest_link_id"]
    letter = office.ledger(channel="sms")[-1]
    assert letter.link == f"guest:{second['guest_link_id']}"
    assert letter.body.endswith(messages.LINK)
    assert "1,234.50" in letter.body
    assert "S-42" not in letter.body
    office.flows.decide(office.workspace, second["id"], Actor.guest(second["guest_link_id"], "Prices"), "acknowledge")
    assert office.status(record) == "approved"
    office.verify()


def connect(office: Office, url: str) -> None:
    with office.work() as session:
        office.connections.add(session, "person:1", key="erp", kind="webhook", title="ERP", url=url)


POST: dict[str, Any] = {
    "key": "post",
    "type": "webhook",
    "connection": "erp",
    "body": {"amount": {"=": "amount"}, "lines": [{"what": {"=": "subject"}}], "fixed": True},
    "answer": {"set": {"answer": {"pointer": "/id"}, "price": {"pointer": "/prices/0"}}},
}


def test_an_answer_is_written_by_the_flow(office: Office, server: Receiver) -> None:
    connect(office, server.url)
    office.publish(POST)
    server.reply = plain(200, b'{"id": "X-1", "prices": [12.50]}')
    record = office.memo()
    assert office.status(record) == "running"
    office.go()
    assert json.loads(server.got[0].body) == {"amount": "1234.50", "lines": [{"what": "Prices"}], "fixed": True}
    assert (office.value(record, "answer"), office.value(record, "price")) == ("X-1", "12.50")
    assert office.status(record) == "approved"
    with office.work() as session:
        run = session.execute(text("SELECT id FROM run")).scalar_one()
    assert server.got[0].headers["webhook-id"].startswith(f"msg_{office.workspace}-run:{run}:")
    office.verify()


def test_nobody_waits_where_nothing_is_asked(office: Office, server: Receiver) -> None:
    connect(office, server.url)
    office.publish({"key": "post", "type": "webhook", "connection": "erp"})
    record = office.memo()
    assert office.status(record) == "approved"
    office.go()
    body = json.loads(server.got[0].body)
    assert (body["type"], body["data"]["record"]["id"]) == ("spread.post", record)


@pytest.mark.parametrize("broken", ["refused", "not_json", "gone"])
def test_a_webhook_that_fails_for_good_is_an_incident(office: Office, server: Receiver, broken: str) -> None:
    connect(office, server.url)
    office.publish(POST)
    replies = {"refused": plain(500), "not_json": plain(200, b"hello"), "gone": plain(410)}
    server.reply = replies[broken]
    record = office.memo()
    for _ in range(3):
        office.go()
        make_due(office.databases)
    assert office.status(record) == "stuck"
    (task,) = office.tasks(record)
    assert (task["kind"], task["person_id"]) == ("incident", office.people["admin"].id)
    server.reply = plain(200, b'{"id": "X-2", "prices": []}')
    admin = Actor.person(office.people["admin"].id, frozenset({"admin"}), "admin")
    office.flows.decide(office.workspace, task["id"], admin, "retry")
    office.go()
    assert (office.value(record, "answer"), office.status(record)) == ("X-2", "approved")
    office.verify()


def test_a_dead_letter_that_is_sent_again_lets_the_run_go_on(office: Office, server: Receiver) -> None:
    connect(office, server.url)
    office.publish({key: value for key, value in POST.items() if key != "answer"})
    server.reply = plain(500)
    office.memo()
    for _ in range(3):
        office.go()
        make_due(office.databases)
    (dead,) = office.ledger(status="dead")
    server.reply = plain(200)
    with office.work() as session:
        messages.resend(session, dead.id)
    office.go()
    assert [one.status for one in office.ledger(channel="webhook")] == ["sent"]
    assert len({got.headers["webhook-id"] for got in server.got}) == 1


def test_the_ledger_holds_what_it_says(office: Office, server: Receiver) -> None:
    """After everything: nothing is queued, what is sent has its moment, what is dead its reason."""
    connect(office, server.url)
    office.publish(TELL, {"key": "post", "type": "webhook", "connection": "erp"})
    for _ in range(3):
        office.memo()
    office.go()
    with office.work() as session:
        rows = list(session.scalars(select(Message)))
    assert len({row.key for row in rows}) == len(rows) == 3 * (3 * 2 + 1)
    for row in rows:
        assert row.status in {"bell": ("delivered",), "mail": ("kept",), "webhook": ("sent",)}[row.channel]
        assert (row.sent_at is not None, row.next_at, row.error) == (True, None, None)


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        ({**TELL, "channels": ["bell", "bot:nobody"]}, "/channels/1", "unknown_connection"),
        ({**TELL, "channels": ["bot:erp"]}, "/channels/0", "unknown_connection"),
        ({**TELL, "attach": ["before"]}, "/attach/0", "not_a_document"),
        ({**TELL, "text": {"en": "{nothing}"}}, "/text/en", "formula_error"),
        ({**TELL, "subject": "{1 +}"}, "/subject", "formula_error"),
        ({**ACKNOWLEDGED, "acknowledge": {**ACKNOWLEDGED["acknowledge"], "calendar": "none"}},
         "/acknowledge/calendar", "unknown_calendar"),
        ({**ACKNOWLEDGED, "acknowledge": {"within": "P1D", "then": {"escalate": {"role": "nobody"}}}},
         "/acknowledge/then/escalate", "unknown_role"),
        ({"key": "post", "type": "webhook", "connection": "none"}, "/connection", "unknown_connection"),
        ({"key": "post", "type": "webhook", "url": "https://exa|mple.com"}, "/url", "address_malformed"),
        ({**POST, "body": {"a": [{"=": "nothing"}]}}, "/body/a/0/=", "formula_error"),
        ({"key": "post", "type": "webhook", "connection": "erp", "answer": {"set": {"none": {"pointer": "/a"}}}},
         "/answer/set/none", "unknown_field"),
    ],
)  # fmt: skip
def test_what_a_step_names_is_checked_at_publish(office: Office, step: dict[str, Any], pointer: str, code: str) -> None:
    connect(office, "http://127.0.0.1:1")
    before = {"key": "before", "type": "wait", "for": "P1D"}
    with office.work() as session, pytest.raises(InvalidDefinition) as refused:
        office.flows.definitions.publish_together(session, {"spread": flow(before, step)}, SYSTEM)
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [(f"/spread/steps/1{pointer}", code)]
