"""Work done by RQ workers (decision 003): Redis carries two numbers a job, a worker runs one function and no other."""

from collections.abc import Sequence
from typing import Any, Final

from redis import Redis, RedisError
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from formloom.outbox.backend import Ref
from formloom.outbox.lanes import BULK, LANES, NOTICE, PEOPLE, SOON
from formloom.outbox.runner import Runner

QUEUE = "formloom"
NAMES: Final = {PEOPLE: QUEUE, SOON: f"{QUEUE}-soon", NOTICE: f"{QUEUE}-notice", BULK: f"{QUEUE}-bulk"}
"""A queue a lane: a worker takes from the first that has something."""
FUNCTION = "formloom.outbox.rq.work"
# RQ ends what takes longer. Only a job without a cursor (an export) runs for minutes; its lease is renewed meanwhile.
JOB_SECONDS = 3_600
MOST_WAITING: Final = {**dict.fromkeys(LANES, 1_000), BULK: 32}
# Redis only carries hints: what it does not answer quickly is not worth waiting for.
SOCKET_SECONDS = 3

_runner: Runner | None = None


class OnlyOurs(Job):
    """A job that names anything but our one function is not run, whoever wrote it into Redis."""

    @property
    def func(self) -> Any:
        """The registered function."""
        if self.func_name != FUNCTION:
            raise PermissionError(f"not a registered job: {self.func_name!r}")
        return work


class RqJobs:
    """The backend of larger installations: any number of `formloom worker` processes."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)
        self._queues = _queues(self._redis)

    def submit(self, lane: int, refs: Sequence[Ref]) -> None:
        """Enqueue them in one round trip."""
        jobs = [
            Queue.prepare_data(FUNCTION, args=ref, timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600) for ref in refs
        ]
        self._queues[lane].enqueue_many(jobs)

    def free(self, lane: int) -> int:
        """Room left in a lane; zero while Redis is away, so that nothing is claimed in vain."""
        try:
            return MOST_WAITING[lane] - self._queues[lane].count
        except RedisError:
            return 0

    def close(self) -> None:
        """Leave Redis; the workers go on."""
        self._redis.close()


def _queues(redis: Redis) -> list[Queue]:
    """In the order of the lanes."""
    return [Queue(NAMES[lane], connection=redis, serializer=JSONSerializer, job_class=OnlyOurs) for lane in LANES]


def work(workspace_id: int, item_id: int) -> None:
    """The one registered function. A failure is noted in the row, never in Redis."""
    assert _runner is not None  # noqa: S101  `run_worker` set it
    _runner.run(int(workspace_id), int(item_id))


def run_worker(redis_url: str, runner: Runner, *, burst: bool = False) -> None:
    """Work until told to stop (SIGTERM finishes the job under way). What RQ pops from several queues is lost with a
    worker that is killed at that moment; the relay hands it out again.

    No fork for each job: a fork cannot share database connections, and the outbox's lease already survives a crash.
    """
    global _runner
    _runner = runner
    redis = Redis.from_url(redis_url)
    worker = SimpleWorker(_queues(redis), connection=redis, serializer=JSONSerializer, job_class=OnlyOurs)
    worker.work(burst=burst, logging_level="WARNING")
