"""The town of the security tests, built once a session on a database of its own."""

from collections.abc import Callable, Iterator

import pytest
from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.settings import PasswordCost, Settings
from formloom.workspaces import create_workspace

from tests.security.town import Town, found_side
from web import create_app
from web.composition import compose


@pytest.fixture(scope="session")
def town(clone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Two workspaces at work. What a test changes in it, it must have made itself."""
    address = clone_database("formloom_town")
    databases = databases_at(Server(lambda: address), pool_size=20)
    settings = Settings(
        secret_key="a secret that only the tests use, 0123456789",
        public_url="https://formloom.test",
        data_dir=tmp_path_factory.mktemp("town"),
        password_cost=PasswordCost(time=1, memory_kib=8, lanes=1),
    )
    services = compose(settings, databases)
    app = create_app(settings, services)
    home, abroad = create_workspace(databases, "home", "Home"), create_workspace(databases, "abroad", "Abroad")
    yield Town(app, services, found_side(services, app, "home", home), found_side(services, app, "abroad", abroad))
    services.streams.close()
    services.listener.close()
    services.flows.close()
    databases.close()
