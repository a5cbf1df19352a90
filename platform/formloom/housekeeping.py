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
from formloom.models import AccessGrant, HookDelivery, Job, LoginSession, OutboxItem, PasswordReset
from formloom.workspaces import all_workspaces, go_round

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
    name: str = ""


def sweep(databases: Databases) -> None:
    """Remove ended sessions, resets and rights, done work, finished jobs and old answers, workspace by workspace."""
    go_round(all_workspaces(databases), "sweep", lambda workspace_id: _sweep(databases, workspace_id))


def _sweep(databases: Databases, workspace_id: int) -> None:
    old = func.now() - KEPT
    with unit_of_work(databases, workspace_id) as session:
        for model, ended in (
            (LoginSession, LoginSession.expires_at < func.now()),
            (PasswordReset, PasswordReset.expires_at < old),
            (OutboxItem, OutboxItem.done_at < old),
            (Job, Job.finished_at < old),
            (HookDelivery, HookDelivery.received_at < old),
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
    """Seal, sweep and do the `chores` until `stop`; any number of processes may do so at once.

    What fails is told in the log and tried again when its time comes; nothing else waits for it.
    """
    own = [
        Chore(0, lambda: audit.seal(databases), "seal"),
        Chore(SWEEP_SECONDS, lambda: sweep(databases), "sweep"),
    ]
    if files is not None:
        store, holders = files.store, files.holders
        own.append(Chore(SWEEP_SECONDS, lambda: sweep_unattached(databases, store, holders), "sweep_files"))
        own.append(Chore(BYTES_SECONDS, lambda: sweep_bytes(databases, store), "sweep_bytes"))
    all_chores = (*own, *chores)
    last = [float("-inf")] * len(all_chores)
    while not stop.is_set():
        for at, chore in enumerate(all_chores):
            if time.monotonic() - last[at] >= chore.seconds:
                last[at] = time.monotonic()
                try:
                    chore.do()
                except Exception as error:
                    _log.warning("housekeeping_failed", chore=chore.name, error=type(error).__name__)
        stop.wait(SEAL_SECONDS)
