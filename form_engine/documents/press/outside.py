"""The near side of a press: starts the process, hands it the work, and ends it when it takes too long."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from formloom.errors import ExternalFailure, InvalidInput

CODES: Final = ("document_too_large", "document_takes_too_long", "document_failed")
LARGEST: Final = 40 * 1024 * 1024
"""Bytes of a result."""


@dataclass(frozen=True, slots=True)
class Limits:
    """For one process: bytes of memory, seconds of the processor, and twice as many by the clock on the wall."""

    memory: int
    seconds: int


def pressed(module: str, work: Mapping[str, Any], files: Sequence[bytes], limits: Limits) -> bytes:
    """What the process of this module answers.

    Raises InvalidInput with the code that it refused with; `document_takes_too_long` and `document_too_large` where the
    limits ended it; ExternalFailure `document_failed` where it could not be begun.
    """
    bounds = {"memory": limits.memory, "seconds": limits.seconds}
    head = {**work, "limits": bounds, "sizes": [len(one) for one in files]}
    command = [sys.executable, "-I", "-m", f"form_engine.documents.press.{module}"]
    with subprocess.Popen(  # noqa: S603 - our own module; what people wrote comes by standard input
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        close_fds=True,
    ) as process:
        try:
            work_in = json.dumps(head).encode() + b"\n" + b"".join(files)
            told, _ = process.communicate(work_in, timeout=limits.seconds * 2)
        except subprocess.TimeoutExpired:
            raise InvalidInput("document_takes_too_long", {"seconds": limits.seconds * 2}) from None
        finally:
            process.kill()
    if told[:1] == b"+" and len(told) <= LARGEST:
        return told[1:]
    if told[:1] == b"-":
        said = json.loads(told[1:])
        raise InvalidInput(said["code"], said["params"])
    if process.returncode in (-24, -9):  # SIGXCPU: the processor's time is up
        raise InvalidInput("document_takes_too_long", {"seconds": limits.seconds})
    if process.returncode < 0 or told:
        raise InvalidInput("document_too_large")
    raise ExternalFailure("document_failed", {"status": process.returncode})


def _environment() -> dict[str, str]:
    """Nothing of ours: no address of a database and no secret stands in it. One arena, or memory limits lie."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "MALLOC_ARENA_MAX": "1", "RAYON_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
