"""Somebody whose file takes its time: what of ours stays open meanwhile."""

import io
from typing import Any

from formloom.db.engine import Databases

from tests.security.town import picture
from tests.web.conftest import BASE, Browser

EDGE = "edge-of-the-parts"


class Slowly(io.BytesIO):
    """A body; each time that more of it is asked for, counts the transactions that wait for it."""

    def __init__(self, content: bytes, databases: Databases) -> None:
        super().__init__(content)
        self._databases = databases
        self.waiting: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self._look()
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        self._look()
        return super().readinto(buffer)

    def _look(self) -> None:
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state LIKE 'idle in transaction%'"
        )
        with self._databases.server.connect(None, autocommit=True) as connection:
            ((count,),) = connection.execute(asked).fetchall()
        self.waiting.append(count)


def sent_slowly(browser: Browser, databases: Databases, path: str) -> tuple[Any, list[int]]:
    """The answer to a small picture, and how many transactions waited at each reading."""
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n'
    body = Slowly(b"".join((head.encode(), picture().getvalue(), f"\r\n--{EDGE}--\r\n".encode())), databases)
    answer = browser.client.post(
        path,
        base_url=BASE,
        input_stream=body,
        content_length=len(body.getvalue()),
        content_type=f"multipart/form-data; boundary={EDGE}",
        headers={"X-CSRF-Token": browser.token, "Accept": "application/json"},
    )
    assert body.waiting, "nobody read the body"
    return answer, body.waiting
