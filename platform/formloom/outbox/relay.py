"""Carries due rows to a backend. Any number of relays may run; each row goes out once a `grace`, until it is done."""

import threading
from datetime import timedelta

import structlog
from sqlalchemy import text

from formloom.db.engine import Databases
from formloom.outbox.backend import JobBackend, Ref
from formloom.outbox.lanes import LANES
from formloom.outbox.queue import TOPIC
from formloom.wakeups import Listener

BATCH = 100
# A slow poll finds what has fallen due by time and what a lost hint did not tell.
POLL_SECONDS = 2.0
# Where more waits than the backend had room for, nobody says when there is room again.
FULL_SECONDS = 0.1
# What was handed to a worker that died before it took a lease is handed out again after so long.
GRACE = timedelta(seconds=20)

_log = structlog.get_logger(__name__)

# Moving `available_at` ahead is the claim: it says when to ask again if nobody has taken a lease by then. Each lane is
# asked for as much as there is room for in it, so however many wait in one, those of another are not looked for among
# them.
_CLAIM = text("""
    WITH due AS (
        SELECT found.workspace_id, found.id
        FROM unnest(CAST(:lanes AS bigint[]), CAST(:rooms AS bigint[])) ask(lane, room)
        CROSS JOIN LATERAL (
            SELECT workspace_id, id FROM outbox
            WHERE outbox.lane = ask.lane AND done_at IS NULL AND dead_at IS NULL AND available_at <= now()
            ORDER BY available_at LIMIT ask.room FOR UPDATE SKIP LOCKED) found
    )
    UPDATE outbox SET available_at = now() + :grace
    FROM due WHERE outbox.workspace_id = due.workspace_id AND outbox.id = due.id
    RETURNING outbox.lane, outbox.workspace_id, outbox.id
""")
_GIVE_BACK = text("""
    UPDATE outbox SET available_at = now() + :wait
    WHERE (workspace_id, id) IN (SELECT * FROM unnest(cast(:workspaces AS bigint[]), cast(:ids AS bigint[])))
    AND done_at IS NULL AND dead_at IS NULL
""")


class Relay:
    """Claims as the router role, which sees no payload."""

    def __init__(
        self,
        databases: Databases,
        backend: JobBackend,
        *,
        grace: timedelta = GRACE,
        after_refusal: timedelta = timedelta(seconds=2),
    ) -> None:
        self._databases, self._backend = databases, backend
        self._grace, self._after_refusal = grace, after_refusal
        self._full = False

    def run_once(self) -> int:
        """Hand out what is due, of each lane as much as the backend has room for; returns how many."""
        free = {lane: min(BATCH, self._backend.free(lane)) for lane in LANES}
        room = {lane: most for lane, most in free.items() if most > 0}
        self._full = len(room) < len(free)
        if not room:
            return 0
        asked = {"lanes": list(room), "rooms": list(room.values()), "grace": self._grace}
        with self._databases.router.connect() as connection:
            rows = connection.execute(_CLAIM, asked).all()
        return sum(
            self._hand_out(lane, [(row.workspace_id, row.id) for row in rows if row.lane == lane]) for lane in room
        )

    def _hand_out(self, lane: int, refs: list[Ref]) -> int:
        if not refs:
            return 0
        try:
            self._backend.submit(lane, refs)
        except Exception as error:
            # The work is safe in its rows; only the way is closed (Redis is away). Come back soon.
            _log.warning("backend_refused", count=len(refs), error=type(error).__name__)
            self._give_back(refs)
            return 0
        return len(refs)

    def run(self, stop: threading.Event, listener: Listener, poll_seconds: float = POLL_SECONDS) -> None:
        """Until `stop`: carry, then wait for a hint or the next poll. Closing the listener ends the waiting at once."""
        with listener.subscribe(None, [TOPIC]) as news:
            while not stop.is_set():
                try:
                    if self.run_once():
                        continue
                except Exception as error:
                    _log.warning("relay_failed", error=type(error).__name__)
                    stop.wait(1)
                wait = min(poll_seconds, FULL_SECONDS) if self._full else poll_seconds
                if news.closed:
                    stop.wait(wait)
                else:
                    news.take(wait)

    def _give_back(self, refs: list[Ref]) -> None:
        workspaces, ids = zip(*refs, strict=True)
        with self._databases.router.connect() as connection:
            connection.execute(
                _GIVE_BACK, {"wait": self._after_refusal, "workspaces": list(workspaces), "ids": list(ids)}
            )
