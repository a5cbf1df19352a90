"""A workspace with all its ways to people and programs."""

from dataclasses import replace
from typing import Any

from formloom import messages
from formloom.connections import Connections
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.files import FileStore
from formloom.messages import Line
from formloom.messages.ways import deliverer
from formloom.models import Message
from formloom.outbox import Relay, Runner
from formloom.outgoing import Outgoing, parse_network
from formloom.settings import Settings

from tests.platform.backends import Inline

LOOPBACK = (parse_network("127.0.0.1"),)


class Heard:
    """Keeps what a run would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def delivered(self, session: Any, message: Message, receipt: Any) -> None:
        self.told.append(("delivered", message.key, receipt.status))

    def given_up(self, session: Any, message: Message, code: str, params: Any) -> None:
        self.told.append(("given_up", message.key, code))


class House:
    """A workspace with all its ways, and a relay that works at once."""

    def __init__(self, databases: Databases, workspace: int, settings: Settings, outgoing: Outgoing) -> None:
        self.databases, self.workspace, self.settings = databases, workspace, settings
        self.connections, self.heard = Connections(settings, outgoing), Heard()
        self.deliver = deliverer(settings, outgoing, self.connections, FileStore.of(settings), self.heard)

    def runner(self, **more: Any) -> Runner:
        given_up = {messages.KIND: self.deliver.given_up}
        return Runner(self.databases, {messages.KIND: self.deliver}, given_up=given_up, **more)

    def work(self) -> Any:
        return unit_of_work(self.databases, self.workspace)

    def go(self, **more: Any) -> None:
        Relay(self.databases, Inline(self.runner(**more))).run_once()

    def ledger(self) -> list[Message]:
        with self.work() as session:
            return list(messages.listing(session, messages.Wanted()))

    def connect(self, url: str, key: str = "erp", **more: Any) -> str:
        with self.work() as session:
            _, signing = self.connections.add(
                session, "person:1", key=key, kind="webhook", title="ERP", url=url, **more
            )
            assert signing is not None
            return signing

    def post(self, key: str = "run:7:3:0", connection: str = "erp", **more: Any) -> None:
        about = {"connection": connection, "headers": {}}
        line = Line(
            channel="webhook", recipient="ERP", subject="f.s", body='{"a": "1.50"}', key=key, about=about, **more
        )
        with self.work() as session:
            messages.post(session, line)


class Redirected(Outgoing):
    """Our door, to which every name is one server on loopback (port and trust of the test)."""

    def __init__(self, port: int, trust: Any) -> None:
        super().__init__(LOOPBACK, resolve=lambda *_: ["127.0.0.1"], trust=lambda: trust)
        object.__setattr__(self, "port", port)

    def _connect(self, target: Any, addresses: Any, deadline: Any) -> Any:
        return super()._connect(replace(target, port=self.port), addresses, deadline)  # type: ignore[attr-defined]
