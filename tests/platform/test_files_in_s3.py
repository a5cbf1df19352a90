"""The same store over S3's protocol: enough of a service to put, get and lose objects."""

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import ExternalFailure, NotFound
from formloom.files import FileStore
from formloom.settings import S3Settings, Settings

CONTENT = b"%PDF-1.7 a slip"


@pytest.fixture
def bucket() -> Iterator[tuple[str, dict[str, bytes]]]:
    objects: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200)

        def do_GET(self) -> None:
            if self.path in objects:
                self.answer(200, objects[self.path])
            else:
                self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", objects
        server.shutdown()
        thread.join()


def store_at(settings: Settings, endpoint: str) -> FileStore:
    s3 = S3Settings("slips", endpoint, "eu-1", "key", "secret", "live/")
    return FileStore.of(replace(settings, s3=s3))


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_in_and_out(
    databases: Databases, workspace: int, settings: Settings, bucket: tuple[str, dict[str, bytes]]
) -> None:
    endpoint, objects = bucket
    store = store_at(settings, endpoint)
    with unit_of_work(databases, workspace) as session:
        row = store.store(session, io.BytesIO(CONTENT), "slip.pdf", "person:1")
        _, stream = store.open(session, row.id)
        assert stream.read() == CONTENT
        stream.close()
    assert list(objects) == [f"/slips/live/{workspace}/{row.id.hex[:2]}/{row.id.hex}"]
    objects.clear()
    with unit_of_work(databases, workspace) as session, pytest.raises(NotFound):
        store.open(session, row.id)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_a_service_that_is_away_leaves_no_row(databases: Databases, workspace: int, settings: Settings) -> None:
    store = store_at(settings, "http://127.0.0.1:1")
    with pytest.raises(ExternalFailure), unit_of_work(databases, workspace) as session:
        store.store(session, io.BytesIO(CONTENT), "slip.pdf", "person:1")
