"""One engine a role. Nothing is opened on import; the composition opens, hands around and closes."""

from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from formloom.db.announcer import Announcer
from formloom.db.connect import Server, to_json, went_stale
from formloom.db.fast import KEY_LOOKUPS, FastPool
from formloom.db.roles import Role
from formloom.settings import Settings

# How long a request waits for a free connection before it is told to come again (503).
POOL_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Databases:
    """The doors to one database.

    `app` serves requests inside a workspace, `router` finds the workspace (one statement is one transaction), `sealer`
    seals the audit log, `owner` migrates and creates workspaces; `fast` are raw connections of the app role (see
    `direct`); `announce` wakes others.
    """

    server: Server
    app: Engine
    router: Engine
    sealer: Engine
    owner: Engine
    fast: FastPool
    announce: Announcer

    def close(self) -> None:
        """Send what is announced, close all pooled connections. The object is not to be used afterwards."""
        self.announce.close()
        for engine in (self.app, self.router, self.sealer, self.owner):
            engine.dispose()
        self.fast.close()


def open_databases(settings: Settings) -> Databases:
    """The databases of these settings; an embedded server is started with the first connection."""
    return databases_at(Server.of(settings), pool_size=settings.pool_size)


def databases_at(server: Server, *, pool_size: int = 10) -> Databases:
    """The databases of a server."""
    return Databases(
        server=server,
        app=_engine(server, "formloom_app", pool_size),
        router=_engine(server, "formloom_router", 4, autocommit=True),
        sealer=_engine(server, "formloom_sealer", 1),
        owner=create_engine("postgresql+psycopg://", creator=lambda: server.connect(None), poolclass=NullPool),
        fast=FastPool(
            lambda: server.connect("formloom_app", autocommit=True, settings=KEY_LOOKUPS),
            pool_size,
            POOL_TIMEOUT_SECONDS,
        ),
        announce=Announcer(server),
    )


def _engine(server: Server, role: Role, pool_size: int, *, autocommit: bool = False) -> Engine:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: server.connect(role, autocommit=autocommit),
        isolation_level="AUTOCOMMIT" if autocommit else None,
        pool_size=pool_size,
        max_overflow=0,  # the limit that the operator set is the limit
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_use_lifo=True,
        json_serializer=lambda value: to_json(value).decode(),
        json_deserializer=orjson.loads,
    )
    _discard_stale(engine)
    return engine


def _discard_stale(pool: Engine) -> None:
    """Give out no connection that the server closed meanwhile; when one is dead its older siblings are as well."""

    @event.listens_for(pool, "checkin")
    def _used(_: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = True

    @event.listens_for(pool, "checkout")
    def _check(connection: psycopg.Connection[Any], entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        # A fresh TLS connection may have a session ticket to read: only what was used before is suspect.
        if entry.info.get("used") and went_stale(connection):
            raise InvalidatePoolError("the server closed this connection")
