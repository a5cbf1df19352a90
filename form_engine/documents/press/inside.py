"""The far side of a press: limits itself, takes its work from standard input, answers on standard output.

The input is a line of JSON (`limits`, `sizes`, and what the work needs) and then the bytes of the files, one after
another. The answer begins with a byte: `+` before the result, `-` before JSON that says why there is none.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any


class Refused(Exception):  # noqa: N818 - it happened
    """The work cannot be done; the code is for people."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


Work = Callable[[dict[str, Any], list[bytes]], bytes]


def run(work: Work) -> int:
    """Do one piece of work. Exit status 0 also where it was refused: then the answer says so."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    _limit(**head["limits"])
    try:
        files = [source.read(size) for size in head["sizes"]]
        result = work(head, files)
    except Refused as error:
        out.write(b"-" + json.dumps({"code": error.code, "params": error.params}).encode())
    except (MemoryError, RecursionError, OverflowError):
        out.write(b'-{"code": "document_too_large", "params": {}}')
    else:
        out.write(b"+" + result)
    return 0


def _limit(memory: int, seconds: int) -> None:
    """What the operating system enforces, where it can (Windows has no `resource`; the parent's clock is left).

    No file is written, no process begun: whatever a template finds its way to has nothing to work with.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
