"""What the clock process does besides timers: it seals the audit log and sweeps what nobody needs any more."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, func

from formloom import audit, idempotency
from formloom.db.base import InWorkspace
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.files import FileStore, sweep_bytes, sweep_unattached
from formloom.models import AccessGrant, Job, LoginSession, OutboxItem, PasswordReset
from formloom.workspaces import all_workspaces

SEAL_SECONDS = 2.0
SWEEP_SECONDS = 3_600.0
BYTES_SECONDS = 86_400.0  # every file is looked at
# Done work and used links are kept this long for whoever asks what happened.
KEPT = timedelta(days=30)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FilesOfHouse:
    """Where files are, and the tables (with a `file_id`) that need them."""

    store: FileStore
    holders: Sequence[type[InWorkspace]]


@dataclass(frozen=True, slots=True)
class Chore:
    """What a room above wants done now and then: at most once in so many seconds, by every process that keeps house."""

    seconds: float
    do: Callable[[], object]


def sweep(databases: Databases) -> None:
    """Remove ended sessions, resets and rights, done work, finished jobs and old answers, workspace by workspace."""
    old = func.now() - KEPT
    for workspace_id in all_workspaces(databases):
        with unit_of_work(databases, workspace_id) as session:
            for model, ended in (
                (LoginSession, LoginSession.expires_at < func.now()),
                (PasswordReset, PasswordReset.expires_at < old),
                (OutboxItem, OutboxItem.done_at < old),
                (Job, Job.finished_at < old),
                (AccessGrant, AccessGrant.expires_at < old),
            ):
                session.execute(delete(model).where(model.workspace_id == workspace_id, ended))
            idempotency.forget_old(session)


def keep_house(
    databases: Databases,
    stop: threading.Event,
    files: FilesOfHouse | None = None,
    chores: Sequence[Chore] = (),
) -> None:
    """Seal, sweep and do the `chores` until `stop`; any number of processes may do so at once."""
    swept = looked_at_bytes = float("-inf")
    last = [float("-inf")] * len(chores)
    while not stop.is_set():
        try:
            audit.seal(databases)
            for at, chore in enumerate(chores):
                if time.monotonic() - last[at] > chore.seconds:
                    last[at] = time.monotonic()
                    chore.do()
            if time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(databases)
                if files is not None:
                    sweep_unattached(databases, files.store, files.holders)
            if files is not None and time.monotonic() - looked_at_bytes > BYTES_SECONDS:
                looked_at_bytes = time.monotonic()
                sweep_bytes(databases, files.store)
        except Exception as error:
            _log.warning("housekeeping_failed", error=type(error).__name__)
        stop.wait(SEAL_SECONDS)
