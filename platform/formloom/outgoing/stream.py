"""A socket whose every wait counts against one moment: a receiver that trickles cannot hold us longer."""

import io
import socket
import time
from typing import Any


class OutOfTime(TimeoutError):  # noqa: N818  it happened; nothing is wrong with us
    """The whole exchange took too long."""


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; raises OutOfTime when none are."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise OutOfTime
        return seconds


class TimedSocket:
    """As much of a socket as `http.client` needs."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, sent: Any) -> None:
        """Send it all before the end."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(sent)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """What is read from it."""
        return io.BufferedReader(_TimedReader(self._socket, self._deadline))

    def close(self) -> None:
        """Not yet: `http.client` lets go before it has read the body. Whoever connected hangs up."""


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)
