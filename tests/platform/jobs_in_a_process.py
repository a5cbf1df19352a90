"""A worker process for fault tests: `python jobs_in_a_process.py <database> <redis or -> <journal file or ->`.

Its handler `effect` writes the key to the journal (the receiver that others see), then waits as long as the payload
says; its job `count` makes one role a batch. Without Redis it is its own relay, with threads.
"""

import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from formloom import jobs
from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.models import Role
from formloom.outbox import Handler, JobContext, Relay, Runner, ThreadJobs
from formloom.outbox.rq import run_worker
from formloom.wakeups import Listener


def count(run: jobs.JobRun) -> None:
    while (n := run.cursor or 0) < run.payload["until"]:
        with run.batch() as session:
            session.add(Role(workspace_id=run.workspace_id, key=f"{n}-{uuid4()}", title={}))
            session.flush()
            time.sleep(float(run.payload["takes"]))
            run.advance(session, done=n + 1, cursor=n + 1)


def main(address: str, redis_url: str, journal: str) -> None:
    databases = databases_at(Server(lambda: address))

    def effect(context: JobContext, payload: Mapping[str, Any]) -> None:
        with Path(journal).open("a") as file:
            file.write(f"{context.key}\n")
        time.sleep(float(payload["takes"]))

    handlers: dict[str, Handler] = {"effect": effect, jobs.KIND: jobs.Jobs({"count": count})}
    runner = Runner(databases, handlers, lease=timedelta(seconds=0.5))
    if redis_url != "-":
        run_worker(redis_url, runner)
        return
    relay = Relay(databases, ThreadJobs(runner), grace=timedelta(seconds=0.3))
    relay.run(threading.Event(), Listener(databases.server), poll_seconds=0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
