"""Slows down guessing. Counters live in Redis where there is one, else in this process; losing them only forgives."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerHour, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from formloom.errors import Throttled

# By account from one address, by account from anywhere, by address over all accounts.
RULES = {
    "pair": parse("8/5 minutes"),
    "account": parse("20/15 minutes"),
    "address": parse("300/15 minutes"),  # a whole office may come from one
    "reset": parse("5/hour"),
    "guest": parse("120/5 minutes"),
    "guest_file": parse("300/hour"),
    "guest_lookup": parse("300/5 minutes"),
    "hook": parse("1200/5 minutes"),
    "hook_miss": parse("60/5 minutes"),
}

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Throttle:
    """Counts attempts. Raises Throttled with `retry_after` in seconds."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._spare = MovingWindowRateLimiter(MemoryStorage())
        self._limiter = self._spare
        if redis_url is not None:
            storage = storage_from_string(redis_url, socket_timeout=1, socket_connect_timeout=1)
            assert isinstance(storage, Storage)  # noqa: S101  not one of its asynchronous twins
            self._limiter = MovingWindowRateLimiter(storage)

    def log_in(self, login: str, address: str) -> None:
        """Count an attempt to log in, before the password is looked at: parallel guesses are all counted."""
        self._count("address", address)
        self._count("account", login)
        self._count("pair", login, address)

    def logged_in(self, login: str, address: str) -> None:
        """It was them: forget their misspellings."""
        self._ask(lambda limiter: limiter.clear(RULES["account"], "account", login))
        self._ask(lambda limiter: limiter.clear(RULES["pair"], "pair", login, address))

    def count(self, rule: str, *key: str) -> None:
        """Count one use under another of the rules (`reset`, `guest`, `hook`)."""
        self._count(rule, *key)

    def count_hour(self, most: int, rule: str, *key: str) -> None:
        """Count one use of what may be used `most` times within an hour."""
        self._hit(RateLimitItemPerHour(most), rule, *key)

    def _count(self, rule: str, *key: str) -> None:
        self._hit(RULES[rule], rule, *key)

    def _hit(self, item: RateLimitItem, rule: str, *key: str) -> None:
        if not self._ask(lambda limiter: limiter.hit(item, rule, *key)):
            stats = self._ask(lambda limiter: limiter.get_window_stats(item, rule, *key))
            raise Throttled("too_many_attempts", {"retry_after": max(1, round(stats.reset_time - time.time()))})

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        try:
            return question(self._limiter)
        except RedisError as error:
            _log.warning("throttle_without_redis", error=type(error).__name__)
            return question(self._spare)
