"""Requests that leave the house, to addresses that somebody entered (TRUST, webhooks out; ADR 085).

A name is resolved once, every address of it is checked, and the connection goes to a checked address: a name that
answers differently the second time gains nothing. Each hop of a redirect is a request of its own.
"""

import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from formloom.errors import ExternalFailure
from formloom.outgoing.addresses import Network, is_listed, may_reach, parse_address
from formloom.outgoing.stream import Deadline, OutOfTime, TimedSocket

CODES = (
    "address_not_https",
    "address_not_allowed",
    "address_malformed",
    "name_unknown",
    "not_reached",
    "certificate_refused",
    "took_too_long",
    "answer_too_large",
    "answer_broken",
    "too_many_redirects",
    "redirect_not_followed",
)

SECONDS: Final = 10.0
MOST_BYTES: Final = 1_000_000
MOST_REDIRECTS: Final = 3
LONGEST_URL: Final = 2_000
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
AGENT = "Formloom"

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → addresses as text. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` has at most MOST_BYTES bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart, as it was checked."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Headers meant for one origin do not go to another."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """As it stands in the header `Host`."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _USUAL[self.scheme] else f"{shown}:{self.port}"


_USUAL = {"https": 443, "http": 80}


def resolved(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`allowed` are networks of the operator's own; http is spoken with them alone."""

    allowed: tuple[Network, ...] = ()
    resolve: Resolve = resolved
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    trust: Callable[[], ssl.SSLContext] = field(default=cache(ssl.create_default_context))

    def request(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send it and read the answer, whatever its status.

        Raises ExternalFailure with a code of CODES; of the URL only the host stands in it.
        """
        deadline, target, sent = Deadline(self.seconds), parse_target(url), dict(headers or {})
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(method, target, body, sent, deadline)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            if method not in ("GET", "HEAD") and answer.status not in _KEEPS_METHOD:
                raise ExternalFailure("redirect_not_followed", {"status": answer.status})
            following = parse_target(urljoin(_url(target), answer.headers["location"]))
            if following.origin != target.origin:
                sent = {name: value for name, value in sent.items() if name.lower() in _FOR_ANYBODY}
            target = following
        raise ExternalFailure("too_many_redirects", {"most": MOST_REDIRECTS})

    def check(self, url: str) -> None:
        """Whether a request to it would be made at all, as far as one can know now. Raises ExternalFailure."""
        target = parse_target(url)
        self._addresses(target, Deadline(self.seconds))

    def _once(self, method: str, target: Target, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
        try:
            connected = self._connect(target, self._addresses(target, deadline), deadline)
            try:
                return self._exchange(TimedSocket(connected, deadline), method, target, body, headers)
            finally:
                connected.close()
        except ssl.SSLCertVerificationError as error:
            raise ExternalFailure("certificate_refused", {"host": target.host}) from error
        except (OutOfTime, TimeoutError) as error:
            raise ExternalFailure("took_too_long", {"seconds": round(self.seconds)}) from error
        except http.client.HTTPException as error:
            raise ExternalFailure("answer_broken", {"host": target.host}) from error
        except OSError as error:
            raise ExternalFailure("not_reached", {"host": target.host, "reason": type(error).__name__}) from error

    def _addresses(self, target: Target, deadline: Deadline) -> list[str]:
        found = list(dict.fromkeys(self._resolved(target, deadline)))
        known = [parse_address(each) for each in found]
        if not known:
            raise ExternalFailure("name_unknown", {"host": target.host})
        if not all(may_reach(each, self.allowed) for each in known):
            raise ExternalFailure("address_not_allowed", {"host": target.host})
        if target.scheme == "http" and not all(is_listed(each, self.allowed) for each in known):
            raise ExternalFailure("address_not_https", {"host": target.host})
        return found

    def _resolved(self, target: Target, deadline: Deadline) -> Sequence[str]:
        """In a thread of its own, because a resolver takes no deadline."""
        told: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                told.put(self.resolve(target.host, target.port))
            except Exception as error:
                told.put(error)

        threading.Thread(target=ask, name="formloom-resolve", daemon=True).start()
        try:
            answer = told.get(timeout=deadline.left())
        except (queue.Empty, OutOfTime) as error:
            raise ExternalFailure("took_too_long", {"seconds": round(self.seconds)}) from error
        if isinstance(answer, Exception):
            raise ExternalFailure("name_unknown", {"host": target.host}) from answer
        return answer

    def _connect(self, target: Target, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        """To the first of these very addresses that answers; no name is looked up again."""
        last: OSError = OSError("no address")
        for address in addresses:
            try:
                connected = socket.create_connection((address, target.port), timeout=deadline.left())
            except OutOfTime:
                raise
            except OSError as error:
                last = error
                continue
            if target.scheme == "http":
                return connected
            try:
                connected.settimeout(deadline.left())
                return self.trust().wrap_socket(connected, server_hostname=target.host)
            except BaseException:
                connected.close()
                raise
        raise last

    def _exchange(
        self, timed: TimedSocket, method: str, target: Target, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = timed
        own = {"Host": target.authority, "User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        connection.request(method, target.path, body=body or None, headers={**headers, **own})
        response = connection.getresponse()
        received = response.read(self.most_bytes + 1)
        if len(received) > self.most_bytes:
            raise ExternalFailure("answer_too_large", {"most": self.most_bytes})
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, received)


_FOR_ANYBODY = frozenset({"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"})
"""Headers that go on to another origin; keys that a connection carries do not."""


def parse_target(url: str) -> Target:
    """An address taken apart. Raises ExternalFailure for one that is none of http or https, or that hides something."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ExternalFailure("address_malformed") from error
    if not _is_plain(url, parts):
        raise ExternalFailure("address_malformed")
    path = parts.path or "/"
    host = (parts.hostname or "").rstrip(".")
    return Target(parts.scheme, host, port or _USUAL[parts.scheme], f"{path}?{parts.query}" if parts.query else path)


def _is_plain(url: str, parts: SplitResult) -> bool:
    """No name and password, nothing but printable ASCII, and a host."""
    printable = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}')
    named = parts.scheme in _USUAL and parts.hostname and parts.username is None and parts.password is None
    return bool(printable and named and len(url) <= LONGEST_URL)


def _url(target: Target) -> str:
    return f"{target.scheme}://{target.authority}{target.path}"
