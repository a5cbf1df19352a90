"""A clock and a worker as processes of their own, whose work hangs: the test kills them in the middle of it.

`python -m tests.faults.firing clock|worker <address>` prints `working` once it has something in hand.
"""

import sys
import threading
from collections.abc import Mapping
from typing import Any

from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.outbox import JobContext, Relay, Runner, ThreadJobs
from formloom.timers import Clock
from formloom.wakeups import Listener
from sqlalchemy.orm import Session


def hang() -> None:
    """In the middle of it, for ever."""
    print("working", flush=True)
    threading.Event().wait()


def main(what: str, address: str) -> None:
    databases = databases_at(Server(lambda: address))

    def timer(session: Session, payload: Mapping[str, Any]) -> None:
        hang()

    def job(context: JobContext, payload: Mapping[str, Any]) -> None:
        hang()

    if what == "clock":
        Clock(databases, {"work": timer}).tick()
    else:
        jobs = ThreadJobs(Runner(databases, {"work": job}))
        Relay(databases, jobs).run(threading.Event(), Listener(databases.server))


if __name__ == "__main__":
    main(*sys.argv[1:])
