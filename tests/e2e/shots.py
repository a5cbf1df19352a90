"""`make shots`: every page in both themes on a desk and a phone, one picture a page, for eyes.

`python -m tests.e2e.shots [page …] [--language en]` writes `build/shots/<page>.png`.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e.chromium import launch
from tests.e2e.tour import ALL, Scheme, Tour
from tests.running import RunningServer, free_port

FOLDER = Path("build/shots")
HEIGHT = 1100
GAP = 24
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@contextmanager
def demo() -> Iterator[RunningServer]:
    """The demo in an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        port, folder = free_port(), Path(name)
        environment = {"DATA_DIR": name, "DATABASE_URL": "", "REDIS_URL": "", "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        server = RunningServer(("demo", "--port", str(port)), port, environment, folder / "server.log")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def sheet(tour: Tour, name: str, language: str) -> Image.Image:
    """One page four times: desk and phone, light and dark, side by side."""
    pictures = []
    for scheme in SCHEMES:
        for phone in (False, True):
            page = tour.open(name, language, scheme, phone=phone)
            page.wait_for_load_state("networkidle" if name != "home" else "load")
            pictures.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    shown = [each.resize((round(each.width * HEIGHT / each.height), HEIGHT)) for each in pictures]
    whole = Image.new("RGB", (sum(each.width + GAP for each in shown) + GAP, HEIGHT + 2 * GAP), "#888")
    left = GAP
    for each in shown:
        whole.paste(each, (left, GAP))
        left += each.width + GAP
    return whole


def main() -> None:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=list(ALL), choices=[*ALL, []])
    parser.add_argument("--language", default="zh-CN")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as server, sync_playwright() as playwright:
        tour = Tour(launch(playwright), server.url)
        for name in asked.pages:
            target = FOLDER / f"{name}-{asked.language}.png"
            sheet(tour, name, asked.language).save(target)
            print(target)
        tour.close()


if __name__ == "__main__":
    main()
