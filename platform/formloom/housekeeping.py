"""What the clock process does besides timers: it seals the audit log and sweeps what nobody needs any more."""

import threading
import time
from datetime import timedelta

import structlog
from sqlalchemy import delete, func

from formloom import audit, idempotency
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import Job, LoginSession, OutboxItem, PasswordReset
from formloom.workspaces import all_workspaces

SEAL_SECONDS = 2.0
SWEEP_SECONDS = 3_600.0
# Done work and used links are kept this long for whoever asks what happened.
KEPT = timedelta(days=30)

_log = structlog.get_logger(__name__)


def sweep(databases: Databases) -> None:
    """Remove ended sessions, old resets, done work, finished jobs and old answers, workspace by workspace."""
    old = func.now() - KEPT
    for workspace_id in all_workspaces(databases):
        with unit_of_work(databases, workspace_id) as session:
            for model, ended in (
                (LoginSession, LoginSession.expires_at < func.now()),
                (PasswordReset, PasswordReset.expires_at < old),
                (OutboxItem, OutboxItem.done_at < old),
                (Job, Job.finished_at < old),
            ):
                session.execute(delete(model).where(model.workspace_id == workspace_id, ended))
            idempotency.forget_old(session)


def keep_house(databases: Databases, stop: threading.Event) -> None:
    """Seal and sweep until `stop`; any number of processes may do so at once."""
    swept = float("-inf")
    while not stop.is_set():
        try:
            audit.seal(databases)
            if time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(databases)
        except Exception as error:
            _log.warning("housekeeping_failed", error=type(error).__name__)
        stop.wait(SEAL_SECONDS)
