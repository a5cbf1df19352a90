"""Clients that press approve over HTTP, remember what was acknowledged, and ask again with the same key."""

import http.client
import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Deciding:
    """Decisions on tasks as one person: `body` by task; `acknowledged` is what the server said, by task."""

    port: int
    token: str
    body: dict[int, dict[str, Any]]
    acknowledged: dict[int, dict[str, Any]] = field(default_factory=dict)
    refused: dict[int, tuple[int, str]] = field(default_factory=dict)
    _counted: threading.Condition = field(default_factory=threading.Condition)

    def one(self, task: int) -> tuple[int, dict[str, Any]] | None:
        """Send one decision; None when the connection broke before an answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"decide-task-{task}",
        }
        try:
            connection.request("POST", f"/api/v1/tasks/{task}/decide", json.dumps(self.body[task]), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _press(self, task: int) -> None:
        answer = self.one(task)
        if answer is None:
            return
        with self._counted:
            if answer[0] == 200:
                self.acknowledged[task] = answer[1]
            else:
                self.refused[task] = (answer[0], json.dumps(answer[1]))
            self._counted.notify_all()

    def all_at_once(self, tasks: Iterable[int]) -> ThreadPoolExecutor:
        """Begin to decide all of these, four at a time; the caller shuts the returned pool down."""
        pool = ThreadPoolExecutor(4)
        for task in tasks:
            pool.submit(self._press, task)
        return pool

    def wait_for(self, count: int) -> None:
        """Until so many have been acknowledged."""
        with self._counted:
            enough = self._counted.wait_for(lambda: len(self.acknowledged) + len(self.refused) >= count, timeout=60)
        assert enough, f"only {len(self.acknowledged)} of {count} decisions were answered"
