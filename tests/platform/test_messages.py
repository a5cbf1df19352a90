"""Mail and text messages: sent once, noted always."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from formloom import guests, messages, notifications
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import ExternalFailure
from formloom.messages import Deliverer, DevelopmentOutbox, Letter, SmtpMail, transports
from formloom.messages.ports import Outcome
from formloom.models import Message
from formloom.outbox import Relay, Runner
from formloom.settings import MailSettings, Settings

from tests.platform.backends import Inline, make_due


class Kept:
    """A transport that keeps letters, and is away at first if told so."""

    outcome: ClassVar[Outcome] = "sent"

    def __init__(self, failures: int = 0) -> None:
        self.letters: list[Letter] = []
        self.failures = failures

    def deliver(self, letter: Letter) -> None:
        if self.failures:
            self.failures -= 1
            raise ExternalFailure("mail_not_sent")
        self.letters.append(letter)


def relay(databases: Databases, settings: Settings, ways: Mapping[str, messages.Transport]) -> Relay:
    return Relay(databases, Inline(Runner(databases, {messages.KIND: Deliverer(settings, ways)})))


def ledger(databases: Databases, workspace: int) -> list[Message]:
    with unit_of_work(databases, workspace) as session:
        return list(messages.listing(session, messages.Wanted()))


def test_sent_once_however_often_it_is_asked(databases: Databases, workspace: int, settings: Settings) -> None:
    for _ in range(2):
        with unit_of_work(databases, workspace) as session:
            messages.send(session, "mail", "ada@example.test", "Hello", "Text", "run:7:notify:1")
    kept = Kept()
    delivery = relay(databases, settings, {"mail": kept})
    delivery.run_once()
    make_due(databases)
    delivery.run_once()
    assert [letter.key for letter in kept.letters] == [f"{workspace}-run:7:notify:1"]
    (message,) = ledger(databases, workspace)
    assert (message.status, message.error) == ("sent", None)
    assert message.sent_at is not None


def test_a_failure_shows_and_is_tried_again(databases: Databases, workspace: int, settings: Settings) -> None:
    with unit_of_work(databases, workspace) as session:
        messages.send(session, "sms", "13800000000", "", "Text", "k")
    kept = Kept(failures=1)
    delivery = relay(databases, settings, {"sms": kept})
    delivery.run_once()
    assert [(message.status, message.error) for message in ledger(databases, workspace)] == [
        ("failed", "mail_not_sent")
    ]
    make_due(databases)
    delivery.run_once()
    assert [(message.status, message.error) for message in ledger(databases, workspace)] == [("sent", None)]


def test_what_never_left_is_not_called_sent(databases: Databases, workspace: int, settings: Settings) -> None:
    with unit_of_work(databases, workspace) as session:
        messages.send(session, "mail", "ada@example.test", "Hello", "Text", "k")
    relay(databases, settings, {"mail": DevelopmentOutbox()}).run_once()
    assert [message.status for message in ledger(databases, workspace)] == ["kept"]


def test_addresses_that_open_a_door_are_made_at_delivery(
    databases: Databases, workspace: int, settings: Settings
) -> None:
    with unit_of_work(databases, workspace) as session:
        link = guests.issue(session, "task:7", valid_for=timedelta(days=3))
        messages.send(session, "sms", "138", "", "Please confirm: {link}", "k", link=f"guest:{link.id}")
    kept = Kept()
    relay(databases, settings, {"sms": kept}).run_once()
    token = guests.token(settings, link)
    assert kept.letters[0].body == f"Please confirm: https://formloom.test/g/{token}"
    assert token not in ledger(databases, workspace)[0].body


def test_without_a_mail_server_messages_stay_on_a_page(settings: Settings) -> None:
    ways = transports(settings)
    assert isinstance(ways["mail"], DevelopmentOutbox)
    assert isinstance(ways["sms"], DevelopmentOutbox)
    assert isinstance(transports(replace(settings, mail=MailSettings(host="mail.example.test")))["mail"], SmtpMail)


@pytest.fixture
def smtp() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go\r\n")
                    while (part := self.rfile.readline()) != b".\r\n":
                        received.append(part.decode().rstrip("\r\n"))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1], received
        server.shutdown()
        thread.join()


def test_mail_by_smtp(smtp: tuple[int, list[str]]) -> None:
    port, received = smtp
    mail = SmtpMail(
        MailSettings(host="127.0.0.1", port=port, security="none", sender="Formloom <no-reply@example.test>")
    )
    mail.deliver(Letter("1-run:7 x", "ada@example.test", "提醒\r\nBcc: thief@example.test", "正文\n"))
    assert "To: ada@example.test" in received
    assert "Message-ID: <1-run-7-x@formloom>" in received
    assert not [line for line in received if line.startswith("Bcc")]


def test_a_mail_server_that_is_away() -> None:
    with pytest.raises(ExternalFailure, match="mail_not_sent"):
        SmtpMail(MailSettings(host="127.0.0.1", port=1)).deliver(Letter("k", "a@b.test", "s", "b"))


def test_the_bell(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        notifications.notify(session, [1, 2, 2], "task_opened", {"form": "payment"}, "/inbox?task=7")
        notifications.notify(session, [1], "task_overdue", {})
    with unit_of_work(databases, workspace) as session:
        lines = notifications.latest(session, 1)
        assert [line.kind for line in lines] == ["task_overdue", "task_opened"]
        assert (notifications.unread(session, 1), notifications.unread(session, 2)) == (2, 1)
        notifications.mark_read(session, 1, up_to=lines[1].id)
        assert notifications.unread(session, 1) == 1
        notifications.mark_read(session, 1)
        assert (notifications.unread(session, 1), notifications.unread(session, 2)) == (0, 1)
