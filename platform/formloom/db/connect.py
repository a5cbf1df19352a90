"""How a connection of ours comes to be: one role from its first moment, and a limit on how long anything takes."""

import select
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_dumps, set_json_loads

from formloom.db.embedded import EmbeddedPostgres
from formloom.db.roles import Role
from formloom.settings import Settings

CONNECT_SECONDS = 10
IDLE_IN_TRANSACTION_MS = 60_000
LOCK_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Server:
    """Where PostgreSQL is. `ensure` starts an embedded one again and tells its address, which may have changed."""

    conninfo: Callable[[], str]
    ensure: Callable[[], object] | None = None
    statement_timeout_ms: int = 30_000
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Server":
        """The server of DATABASE_URL, else the embedded one in `data_dir`/postgres."""
        if settings.database_url is not None:
            url = plain_url(settings.database_url)
            return cls(lambda: url, None, settings.statement_timeout_ms)
        embedded = EmbeddedPostgres.at(Path(settings.data_dir) / "postgres")
        return cls(embedded.address, embedded.ensure, settings.statement_timeout_ms)

    def connect(
        self, role: Role | None, *, autocommit: bool = False, settings: Mapping[str, str] = MappingProxyType({})
    ) -> psycopg.Connection[Any]:
        """Connect as `role` (None: as who logs in) with these settings of the server's; an embedded server that is down
        is started once more."""
        try:
            return self._connected(role, autocommit, settings)
        except psycopg.OperationalError as error:
            if self.ensure is None or error.sqlstate is not None:
                raise
            self.ensure()
            return self._connected(role, autocommit, settings)

    def _connected(self, role: Role | None, autocommit: bool, settings: Mapping[str, str]) -> psycopg.Connection[Any]:
        given = conninfo_to_dict(self.conninfo())
        options = [str(given.pop("options", None) or "")]
        if role is not None:
            options.append(f"-c role={role} -c statement_timeout={self.statement_timeout_ms}")
            options.append(f"-c lock_timeout={LOCK_TIMEOUT_MS}")
            options.append(f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}")
        options.append("-c timezone=UTC")
        options += [f"-c {name}={value}" for name, value in {**self.options, **settings}.items()]
        given.setdefault("connect_timeout", str(CONNECT_SECONDS))
        given.setdefault("application_name", role or "formloom_owner")
        conninfo = make_conninfo("", **given, options=" ".join(options).strip())
        connection = psycopg.connect(conninfo, autocommit=autocommit, prepare_threshold=2)
        set_json_dumps(to_json, connection)
        set_json_loads(orjson.loads, connection)
        return connection


def to_json(value: Any) -> bytes:
    """JSON for a jsonb parameter: strict, so that a date or a set is an error here and not a surprise later."""
    return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)


def plain_url(url: str) -> str:
    """The address as libpq writes it, without SQLAlchemy's driver."""
    scheme, rest = url.split("://", 1)
    return f"{scheme.split('+', 1)[0].replace('postgres', 'postgresql', scheme == 'postgres')}://{rest}"


def went_stale(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server hung up on an idle connection: its socket then has something to read. Costs no round trip."""
    if connection.closed:
        return True
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connection.fileno()], [], [], 0)[0])
