"""Keeps the lease of all that this process works on, as long as it lives: whoever takes long is not overtaken, and what
a killed process had in hand is free again within a lease."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work

LONGEST_SECONDS: Final = 3_600.0
"""What has been worked on for so long hangs: its lease is left to end."""

# A row that is locked is being worked on in a transaction, and so can be taken by nobody.
_BEAT = text("""
    UPDATE outbox SET lease_until = now() + :lease, available_at = now() + :lease
    WHERE workspace_id = :workspace AND id IN (
        SELECT id FROM outbox
        WHERE workspace_id = :workspace AND id = ANY (:ids) AND lease = ANY (:held) AND done_at IS NULL
        FOR UPDATE SKIP LOCKED)
""")
_log = structlog.get_logger(__name__)


class Heart:
    """Beats while something is in hand, four times a lease; its thread begins with the first and ends with the last."""

    def __init__(self, databases: Databases, lease: timedelta) -> None:
        self._databases, self._lease = databases, lease
        self._held: dict[UUID, tuple[int, int, float]] = {}
        self._changed = threading.Condition()
        self._beating = False

    @contextmanager
    def holding(self, lease: UUID, workspace_id: int, item_id: int) -> Iterator[None]:
        """Within the block the lease is renewed."""
        with self._changed:
            self._held[lease] = (workspace_id, item_id, time.monotonic())
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._run, name="formloom-heart", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                del self._held[lease]
                self._changed.notify_all()

    def _run(self) -> None:
        every = self._lease.total_seconds() / 4
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._held, timeout=every)
                if not self._held:
                    self._beating = False
                    return
                since = time.monotonic() - LONGEST_SECONDS
                held = {lease: place for lease, place in self._held.items() if place[2] > since}
            try:
                self._beat(held)
            except Exception as error:
                _log.warning("heart_missed", error=type(error).__name__)

    def _beat(self, held: dict[UUID, tuple[int, int, float]]) -> None:
        for workspace_id in {place[0] for place in held.values()}:
            mine = {lease: item for lease, (of, item, _) in held.items() if of == workspace_id}
            asked = {"workspace": workspace_id, "lease": self._lease, "held": list(mine), "ids": list(mine.values())}
            with unit_of_work(self._databases, workspace_id) as session:
                session.execute(_BEAT, asked)
