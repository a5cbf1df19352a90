"""What tests of ways to people and programs share."""

from collections.abc import Iterator

import pytest
from formloom.db.engine import Databases
from formloom.outgoing import Outgoing
from formloom.settings import Settings

from tests.platform.receivers import Receiver, receiver
from tests.platform.ways_house import LOOPBACK, House


@pytest.fixture
def house(databases: Databases, workspace: int, settings: Settings) -> House:
    return House(databases, workspace, settings, Outgoing(LOOPBACK))


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running
