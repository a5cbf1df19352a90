"""Chromium as Debian ships it, without what would reach out."""

import shutil

from playwright.sync_api import Browser, Playwright

from tests.prepare_machine import BROWSERS

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def launch(playwright: Playwright) -> Browser:
    """The machine's own browser. Raises FileNotFoundError where there is none."""
    binary = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if binary is None:
        raise FileNotFoundError("Chromium is not installed (Debian: apt-get install chromium)")
    return playwright.chromium.launch(executable_path=binary, args=list(QUIET))
