"""Background work: a row first, in the transaction that wants it; then a relay, a backend, and one effect a key."""

from formloom.outbox.backend import JobBackend, ThreadJobs
from formloom.outbox.lanes import BULK, NOTICE, PEOPLE, SOON
from formloom.outbox.queue import dead_letters, put, redo, revive
from formloom.outbox.relay import Relay
from formloom.outbox.runner import Handler, JobContext, LeaseLost, Runner, retry_wait

__all__ = [
    "BULK",
    "NOTICE",
    "PEOPLE",
    "SOON",
    "Handler",
    "JobBackend",
    "JobContext",
    "LeaseLost",
    "Relay",
    "Runner",
    "ThreadJobs",
    "dead_letters",
    "put",
    "redo",
    "retry_wait",
    "revive",
]
