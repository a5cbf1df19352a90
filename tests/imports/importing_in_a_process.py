"""A worker process for the fault test of imports: `python importing_in_a_process.py <database> <data folder>`.

It works off whatever job is due, until it is killed.
"""

import sys
import threading
from datetime import timedelta
from pathlib import Path

from formloom import jobs
from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.files import FileStore
from formloom.outbox import Relay, Runner, ThreadJobs
from formloom.settings import Settings
from formloom.wakeups import Listener

from apps.stores import stores_for
from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.imports.service import Imports
from form_engine.imports.works import import_works
from form_engine.records.service import Records


def main(address: str, folder: str) -> None:
    databases = databases_at(Server(lambda: address))
    settings = Settings(secret_key="a secret that only the tests use, 0123456789", data_dir=Path(folder))
    forms = FormStore()
    stores = stores_for(forms, Flows(databases, forms).definitions)
    imports = Imports(forms, Records(), FileStore.of(settings), stores.imports)
    runner = Runner(databases, {jobs.KIND: jobs.Jobs(import_works(imports))}, lease=timedelta(seconds=2))
    relay = Relay(databases, ThreadJobs(runner), grace=timedelta(seconds=0.3))
    relay.run(threading.Event(), Listener(databases.server), poll_seconds=0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
