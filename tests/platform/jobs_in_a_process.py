"""A worker process for fault tests: `python jobs_in_a_process.py <database> <redis or -> <journal file>`.

Its one handler writes the key to the journal (the receiver that others see), then waits as long as the payload says.
"""

import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.outbox import JobContext, Runner
from formloom.outbox.rq import run_worker


def main(address: str, redis_url: str, journal: str) -> None:
    databases = databases_at(Server(lambda: address))

    def effect(context: JobContext, payload: Mapping[str, Any]) -> None:
        with Path(journal).open("a") as file:
            file.write(f"{context.key}\n")
        time.sleep(float(payload["takes"]))

    run_worker(redis_url, Runner(databases, {"effect": effect}, lease=timedelta(seconds=0.5)))


if __name__ == "__main__":
    main(*sys.argv[1:])
