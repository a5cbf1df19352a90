"""Is this process alive, and can it do its work? Answers for load balancers and for whoever is on call."""

from dataclasses import dataclass, field

from redis import Redis, RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from formloom.db.engine import Databases
from formloom.db.migrate import is_current
from formloom.settings import Settings

# Waiting work older than this means that no relay or worker is running.
LATE_SECONDS = 300

_LATE = text("""
    SELECT count(*) FROM outbox
    WHERE done_at IS NULL AND dead_at IS NULL AND available_at < now() - :late * interval '1 second'
""")


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready` says whether to send requests here; `checks` say how each part is: ok, or what is wrong with it."""

    ready: bool
    checks: dict[str, str] = field(default_factory=dict)


class Health:
    """Composed once."""

    def __init__(self, databases: Databases, settings: Settings) -> None:
        self._databases, self._settings = databases, settings
        self._migrated = False

    def readiness(self) -> Readiness:
        """Ready when the database answers and has this release's shape. Redis away is said, and stops nobody."""
        checks = {"database": self._database(), "migrations": "unknown", "redis": self._redis(), "outbox": "unknown"}
        if checks["database"] == "ok":
            checks["migrations"] = self._migrations()
            checks["outbox"] = self._outbox()
        return Readiness(checks["database"] == checks["migrations"] == "ok", checks)

    def _database(self) -> str:
        try:
            with self._databases.router.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return "away"
        return "ok"

    def _migrations(self) -> str:
        self._migrated = self._migrated or is_current(self._databases)  # once true it stays true for this process
        return "ok" if self._migrated else "missing"

    def _outbox(self) -> str:
        with self._databases.router.connect() as connection:
            late = connection.execute(_LATE, {"late": LATE_SECONDS}).scalar_one()
        return f"{late} late" if late else "ok"

    def _redis(self) -> str:
        if self._settings.redis_url is None:
            return "unused"
        try:
            with Redis.from_url(self._settings.redis_url, socket_timeout=1, socket_connect_timeout=1) as redis:
                redis.ping()
        except RedisError:
            return "away"
        return "ok"
