"""The whole product in a real browser: the demo's data, its people, a desk and a phone."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from apps.demo import DEMO_PASSWORD
from tests.e2e.chromium import launch
from tests.e2e.desk import Device, Visitor
from tests.running import RunningServer, free_port

DEVICES = {
    "desk": Device("desk", 1440, 900, touch=False),
    "phone": Device("phone", 390, 844, touch=True),
}
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`formloom demo` on the embedded default, in an empty folder."""
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    environment = {
        "DATA_DIR": str(folder),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    server = RunningServer(("demo", "--port", str(port)), port, environment, folder / "server.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium as Debian ships it."""
    with sync_playwright() as playwright:
        yield launch(playwright)


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest) -> Device:
    """A desk and a phone, in turn."""
    return DEVICES[request.param]


@pytest.fixture
def visit(
    product: RunningServer, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """`visit("finance")`: a browser of this demo person, logged in; `visit(None)`: of somebody without an account.

    A page that throws or logs an error fails the test. On failure each open page leaves a picture in `build/e2e/`.
    """
    opened: list[tuple[BrowserContext, Page]] = []
    troubles: list[str] = []

    def make(person: str | None, device: Device, language: str = "zh-CN") -> Visitor:
        context = chromium.new_context(
            viewport={"width": device.width, "height": device.height},
            has_touch=device.touch,
            is_mobile=device.touch,
            locale=language,
            base_url=product.url,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{person}: {error}"))
        page.on(
            "response",
            lambda answer: troubles.append(f"{person}: {answer.status} {answer.url}") if answer.status >= 500 else None,
        )
        opened.append((context, page))
        visitor = Visitor(page, device)
        if person is not None:
            visitor.log_in(f"{person}@example.com", DEMO_PASSWORD)
        return visitor

    before = request.session.testsfailed
    yield make
    for number, (context, page) in enumerate(opened):
        if request.session.testsfailed > before or os.environ.get("FORMLOOM_PICTURES"):
            name = re.sub(r"[^\w.-]+", "_", request.node.name)
            page.screenshot(path=str(Path("build/e2e") / f"{name}-{number}.png"), full_page=True)
        context.close()
    assert troubles == []
