"""The server that ``formloom serve`` runs: gunicorn's threads, our composition, an end in good order."""

import sys
from typing import Any

from formloom.settings import Settings
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

THREADS = 256
"""Open pages hold one each while they listen; a thread that waits costs some kilobytes."""

SWITCH_SECONDS = 0.0005
"""How long background work may keep the interpreter while a page waits for it. A page asks the database thirty times
and comes back to a held interpreter after each: with Python's own 5 ms that alone adds 150 ms."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Ends the event streams when the server is told to stop: they would hold it until the grace period is over."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """On SIGTERM: no new requests, streams close, requests under way finish."""
        services = getattr(self.app, "services", None)
        if services is not None:
            services.streams.close()
        super().handle_exit(sig, frame)


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with settings from us alone; each worker process composes its own services."""

    def __init__(self, settings: Settings, *, host: str, port: int, processes: int) -> None:
        self._settings = settings
        self._options = {
            "bind": f"{host}:{port}",
            "workers": processes,
            "worker_class": "web.serve.Worker",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 5,
            "limit_request_line": 8190,
            "limit_request_field_size": 16_380,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": settings.log_level.lower(),
            "proc_name": "formloom",
            "control_socket_disable": True,
        }
        self.services: Any = None
        super().__init__()

    def load_config(self) -> None:
        """Take our options and nothing from files or the environment."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("worker_exit", _close)

    def load(self) -> Any:
        """Called in each worker process: compose, start the threads, hand out the application."""
        from web import create_app
        from web.composition import compose

        sys.setswitchinterval(SWITCH_SECONDS)
        self.services = compose(self._settings)
        self.services.start()
        return create_app(self._settings, self.services)


def _close(_server: Any, worker: Any) -> None:
    services = getattr(worker.app, "services", None)
    if services is not None:
        services.close()


def run(settings: Settings, *, host: str = "127.0.0.1", port: int = 8000, processes: int = 1) -> None:
    """Serve until told to stop. The embedded database belongs to one process, so there is one worker without a URL."""
    Server(settings, host=host, port=port, processes=processes if settings.database_url else 1).run()
