"""The event stream of an open page (ADR 042): it hears *that* something changed and asks again for what.

Hints carry no content, so that a stream needs no permission but that to know of the subject; one that is lost costs
nothing, because the page asks again when it reconnects.
"""

import threading
import time
from collections.abc import Callable, Iterator

from flask import Response, json, request
from formloom import jobs
from formloom.access import Identity
from formloom.errors import InvalidInput, NotFound, Unavailable
from formloom.wakeups import EVERYTHING, Subscription
from sqlalchemy.orm import Session

from web.context import services, transaction
from web.desk.jobs import owner
from web.identity import actor_of, me
from web.policies import policy, signed_in

HEARTBEAT_SECONDS = 20.0
LONGEST_SECONDS = 3600.0
MOST_TOPICS = 20
CODES = ("too_many_streams", "invalid_query")


class Streams:
    """The open streams of this process: each holds a thread, so they are counted, and all end when the server does."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._open: set[Subscription] = set()
        self._closing = False

    def open(self, subscribe: Callable[[], Subscription]) -> Subscription:
        """Take a place and subscribe, or refuse; the page then comes back later."""
        with self._lock:
            if self._closing or len(self._open) >= self._most:
                raise Unavailable("too_many_streams", {"retry_after": 30})
            subscription = subscribe()
            self._open.add(subscription)
            return subscription

    def leave(self, subscription: Subscription) -> None:
        """End one stream and give its place back."""
        subscription.close()
        with self._lock:
            self._open.discard(subscription)

    def close(self) -> None:
        """End all streams, and let none begin."""
        with self._lock:
            self._closing = True
            waiting = tuple(self._open)
        for subscription in waiting:
            subscription.close()


@policy(signed_in)
def stream() -> Response:
    """``GET /events?topics=inbox,record:5``: server-sent events ``changed`` for subjects the caller may know of."""
    identity = me()
    asked = [topic for topic in request.args.get("topics", "").split(",") if topic]
    if len(asked) > MOST_TOPICS:
        raise InvalidInput("invalid_query")
    names = _allowed(identity, asked)
    streams = services().streams
    subscription = streams.open(lambda: services().listener.subscribe(identity.workspace_id, names))
    response = Response(_lines(subscription, names), mimetype="text/event-stream")
    response.call_on_close(lambda: streams.leave(subscription))  # also when the body was never begun
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold hints back
    return response


def _allowed(identity: Identity, asked: list[str]) -> dict[str, str]:
    """Kernel topic → the name the page knows it by; what the caller may not see is left out without a word."""
    names: dict[str, str] = {}
    asked_for: dict[str, list[int]] = {"record": [], "job": []}
    for topic in asked:
        kind, _, rest = topic.partition(":")
        if topic == "inbox":
            names[f"inbox:{identity.person_id}"] = "inbox"
        elif topic == "jobs":
            names[f"jobs:person:{identity.person_id}"] = "jobs"
        elif kind in asked_for and rest.isascii() and rest.isdigit() and len(rest) < 19:
            asked_for[kind].append(int(rest))
    if any(asked_for.values()):
        with transaction() as session:
            seen = [f"record:{each}" for each in asked_for["record"] if _may_see(session, identity, each)]
            seen += [f"job:{each}" for each in asked_for["job"] if _may_watch(session, identity, each)]
        names |= {topic: topic for topic in seen}
    return names


def _may_see(session: Session, identity: Identity, record_id: int) -> bool:
    try:
        services().records.get(session, services().forms, record_id, actor_of(identity))
    except NotFound:
        return False
    return True


def _may_watch(session: Session, identity: Identity, job_id: int) -> bool:
    try:
        jobs.find(session, job_id, owner(identity))
    except NotFound:
        return False
    return True


def _lines(subscription: Subscription, names: dict[str, str]) -> Iterator[str]:
    until = time.monotonic() + LONGEST_SECONDS  # a session that ended must not listen for ever
    yield "retry: 2000\n: open\n\n"
    while not subscription.closed and time.monotonic() < until:
        heard = subscription.take(HEARTBEAT_SECONDS)
        if not heard:
            yield ": beat\n\n"
        for topic in names if EVERYTHING in heard else heard:
            yield _event(names[topic])


def _event(topic: str) -> str:
    return f"event: changed\ndata: {json.dumps({'topic': topic})}\n\n"
