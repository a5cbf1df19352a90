"""Where everything is put together, once: the only place that knows all rooms.

:func:`compose` opens nothing but pools; :meth:`Services.start` begins the background threads, which belong into the
process that serves (embedded default) or into ``formloom clock`` and ``formloom worker``.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from formloom import jobs, messages, outbox, timers
from formloom.access import Access
from formloom.carrying import carry
from formloom.collector import collect_seldom
from formloom.connections import Connections
from formloom.db.engine import Databases, open_databases
from formloom.db.migrate import upgrade
from formloom.files import FileStore
from formloom.health import Health
from formloom.housekeeping import SWEEP_SECONDS, Chore, FilesOfHouse, keep_house
from formloom.i18n import Catalogues
from formloom.messages.ways import deliverer
from formloom.outgoing import Outgoing
from formloom.settings import Settings
from formloom.wakeups import Listener

from apps.stores import Stores, stores_for
from flow_engine.service import Flows, given_up, handlers, timer_handlers
from flow_engine.service.papers import Papers
from flow_engine.service.plays.records import EACH_JOB
from flow_engine.service.tidy import sweep_grants
from form_engine.definitions_store import FormStore, upkeep
from form_engine.documents.models import DocumentFile
from form_engine.documents.service import Documents
from form_engine.exports import Exports
from form_engine.imports.models import ImportBatch
from form_engine.imports.service import Imports
from form_engine.imports.tidy import sweep_imports
from form_engine.models import RecordFile
from form_engine.recalculation import drain
from form_engine.records import late
from form_engine.records.guests import GuestRecords
from form_engine.records.service import Records
from web.bell_words import BellWords
from web.events import Streams
from web.job_works import job_works
from web.mail_words import INVITATION_BODY, INVITATION_SUBJECT, RESET_BODY, RESET_SUBJECT, LinkWords
from web.record_links import RecordLinks
from web.translations import FOLDER as TRANSLATIONS

MOST_STREAMS = 200
FILE_HOLDERS = (RecordFile, ImportBatch, DocumentFile)
"""The tables that need stored files; a file that stands in none of them is swept after a day."""
# Two for what takes minutes (an export has no pause in it), so that mail always finds another.
JOB_THREADS = 4


@dataclass(slots=True)
class Services:
    """Everything a view, a command or a job works with."""

    settings: Settings
    databases: Databases
    access: Access
    files: FileStore
    forms: FormStore
    records: Records
    guests: GuestRecords
    flows: Flows
    stores: Stores
    imports: Imports
    exports: Exports
    connections: Connections
    documents: Documents
    health: Health
    listener: Listener
    streams: Streams
    runner: outbox.Runner
    catalogues: Catalogues
    timer_handlers: Mapping[str, timers.Handler]
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _backend: outbox.JobBackend | None = None

    def migrate(self) -> None:
        """Bring the database to this version."""
        upgrade(self.databases)

    def start(self) -> None:
        """Begin the relay, and (without Redis workers and clocks of their own) do the jobs and fire the timers here."""
        collect_seldom()
        self._backend = self._jobs()
        relay = outbox.Relay(self.databases, self._backend)
        self._spawn("relay", lambda: relay.run(self._stop, self.listener))
        self._spawn("clock", self._run_clock)
        self._spawn("housekeeper", lambda: keep_house(self.databases, self._stop, self._house(), self._chores()))

    def run_clock(self) -> None:
        """Fire timers and seal the audit log in this thread, until interrupted."""
        self._spawn("housekeeper", lambda: keep_house(self.databases, self._stop, self._house(), self._chores()))
        try:
            self._run_clock()
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop the threads in order: nobody takes new work, then what is under way ends, then the pools close."""
        if self._stop.is_set():
            return
        self._stop.set()
        self.streams.close()
        self.listener.close()
        for thread in self._threads:
            thread.join(timeout=10)
        if self._backend is not None:
            self._backend.close()
        self.flows.close()
        self.databases.close()

    def _chores(self) -> tuple[Chore, ...]:
        """What writes marked and nobody worked off, because their process died; what a publish left to a job that was
        stopped; rights that say the same twice; imports that nobody has touched for long.
        """
        words = BellWords(self.catalogues, self.forms, self.flows)
        imports_kept = timedelta(days=self.settings.import_days)
        return (
            Chore(0, lambda: drain.sweep(self.databases, self.forms.forms), "recalculation"),
            Chore(0, lambda: carry(self.databases, words, self.settings.public_url), "carry"),
            Chore(SWEEP_SECONDS, lambda: upkeep.sweep(self.databases), "upkeep"),
            Chore(SWEEP_SECONDS, lambda: sweep_grants(self.databases), "sweep_grants"),
            Chore(SWEEP_SECONDS, self.flows.seating.sweep, "sweep_leavers"),
            Chore(SWEEP_SECONDS, lambda: sweep_imports(self.databases, imports_kept), "sweep_imports"),
        )

    def _house(self) -> FilesOfHouse:
        return FilesOfHouse(self.files, FILE_HOLDERS)

    def _jobs(self) -> outbox.JobBackend:
        if self.settings.redis_url:
            from formloom.outbox.rq import RqJobs

            return RqJobs(self.settings.redis_url)
        return outbox.ThreadJobs(self.runner, JOB_THREADS)

    def _run_clock(self) -> None:
        timers.Clock(self.databases, self.timer_handlers, self.flows.triggering.timer_given_up).run(
            self._stop, self.listener
        )

    def _spawn(self, name: str, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, name=f"formloom-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()


def compose(settings: Settings, databases: Databases | None = None) -> Services:
    """Build every service from the settings (around databases that are open already, if given); no thread runs yet."""
    databases = databases or open_databases(settings)
    catalogues = Catalogues(TRANSLATIONS)
    forms = FormStore()
    flows = Flows(databases, forms, translate=catalogues.translate)
    records = Records(subscribers=(flows.record_changed,))
    files = FileStore.of(settings)
    stores = stores_for(forms, flows.definitions, files)
    stores.calendars.followers.append(flows.calendars_published)
    # What is brought in starts no flow: its records tell no subscriber.
    imports, exports = Imports(forms, Records(), files, stores.imports), Exports(forms, files)
    documents = Documents(forms, files, stores.documents, RecordLinks(settings, flows))
    outgoing = Outgoing(settings.outgoing_allow)
    connections = Connections(settings, outgoing)
    deliver = deliverer(settings, outgoing, connections, files, flows.replies())
    papers = Papers(flows, documents, files)
    work = jobs.Jobs(job_works(forms, records, flows, imports, exports), broke={EACH_JOB: flows.chunks.broke})
    runner = outbox.Runner(
        databases,
        {
            messages.KIND: deliver,
            jobs.KIND: work,
            late.KIND: late.Late(forms, flows.late_subscribers()),
            **handlers(flows),
            **papers.handlers(),
        },
        given_up={
            **given_up(flows),
            jobs.KIND: work.given_up,
            messages.KIND: deliver.given_up,
            **papers.given_up(),
        },
    )
    return Services(
        settings=settings,
        databases=databases,
        access=Access(
            databases,
            settings,
            reset_words=LinkWords(catalogues, RESET_SUBJECT, RESET_BODY),
            invitation_words=LinkWords(catalogues, INVITATION_SUBJECT, INVITATION_BODY),
        ),
        files=files,
        forms=forms,
        records=records,
        guests=GuestRecords(subscribers=(flows.record_changed,)),
        flows=flows,
        stores=stores,
        imports=imports,
        exports=exports,
        connections=connections,
        documents=documents,
        health=Health(databases, settings),
        listener=Listener(databases.server),
        streams=Streams(MOST_STREAMS),
        runner=runner,
        catalogues=catalogues,
        timer_handlers=timer_handlers(flows),
    )
