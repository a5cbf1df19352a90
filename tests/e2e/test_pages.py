"""Every page for everyone: nothing for axe to find, nothing sideways, one language at a time, the keyboard alone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.demo import DEMO_PASSWORD
from tests.e2e.desk import Device, Visitor
from tests.e2e.tour import ALL, Tour
from tests.running import RunningServer

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_WORDS = re.compile(
    r"\b(Home|Inbox|Records|Search|Approve|Reject|Publish|Draft|Required|History|Load more|Log in|Close|Undo|Add|All|"
    r"Nothing|fields?|rows?|ago|left|Notifications|Administration|Sent messages|Take a photo|Comment|Reason)\b"
)
"""Words of the interface that must not stand on a Chinese page."""
SMALL = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def tour(product: RunningServer, chromium: Browser) -> Iterator[Tour]:
    """Every page, opened by who may; one log-in for each."""
    tour = Tour(chromium, product.url)
    yield tour
    tour.close()


def _findings(page: Page, *rules: str) -> list[str]:
    """What axe has to say, by all rules or by these: only colours differ between the themes."""
    page.evaluate("axe => { if (!window.axe) (0, eval)(axe) }", AXE.read_text("utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", ALL)
def test_axe_finds_nothing(tour: Tour, name: str) -> None:
    for phone in (False, True):
        page = tour.open(name, "zh-CN", "light", phone=phone)
        assert _findings(page) == [], f"light, phone={phone}"
        page.emulate_media(color_scheme="dark")
        assert _findings(page, "color-contrast") == [], f"dark, phone={phone}"


@pytest.mark.parametrize("name", ALL)
def test_the_narrowest_phone_and_both_languages(tour: Tour, name: str) -> None:
    for language in ("zh-CN", "en"):
        page = tour.open(name, language, "light", phone=True)
        assert page.locator("html").get_attribute("lang") == language
        text = page.locator("body").inner_text()
        if language == "zh-CN" and name != "openapi":  # the words of the API are English
            assert ENGLISH_WORDS.findall(text) == [], text
        page.set_viewport_size(SMALL)  # type: ignore[arg-type]
        try:
            over = page.evaluate(WIDER)
            assert over == [], language
        finally:
            page.set_viewport_size({"width": 390, "height": 844})


WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => `${e.tagName}.${e.className}`).slice(0, 8)"""


@pytest.mark.parametrize("name", ["login", "guest-gone", "inbox-empty", "error"])
def test_english_pages_speak_english(tour: Tour, name: str) -> None:
    page = tour.open(name, "en", "light", phone=False)
    own = page.evaluate("document.querySelector('main').innerText")
    people = {"login"}  # the demo's people have Chinese names
    if name in people:
        own = page.locator("main .card").first.inner_text()
    assert CHINESE.findall(own) == []


def test_the_keyboard_alone_is_enough(visit: Callable[..., Visitor], product: RunningServer) -> None:
    visitor = visit(None, Device("desk", 1440, 900, touch=False))
    page = visitor.page
    page.goto("/login")
    page.keyboard.type("supervisor@example.com")  # the first field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("/login"))
    page.wait_for_load_state("load")  # keys work once the page's script has run
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.jump input")).to_be_focused()  # its code comes when it is first wanted
    page.keyboard.type("待办")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/inbox"))
    # the most urgent task is open by itself; J goes on to the next, K back
    first, second, *more = page.locator("a.list-item .title").all_inner_texts()
    expect(page.locator(".task-title")).to_have_text(first)
    page.keyboard.press("j")
    expect(page.locator(".task-title")).to_have_text(second)
    page.keyboard.press("k")
    expect(page.locator(".task-title")).to_have_text(first)
    page.locator("a.list-item").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".task-title")).to_have_text(second)
    expect(page.locator("[data-key='a']")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("a.list-item", has_text=second)).to_have_count(0)
    expect(page.locator(".task-title")).to_have_text((more or [first])[0])  # the next one opens by itself


def test_load_more_appends_below(tour: Tour) -> None:
    page = tour.open("bills", "zh-CN", "light", phone=False)
    rows, more = page.locator(".list-table tr[data-row]"), page.locator("a[data-more]")
    before = rows.count()
    address = str(more.get_attribute("href"))
    more.scroll_into_view_if_needed()  # near the end the next page comes by itself
    expect(rows.nth(before)).to_be_attached()
    expect(more).not_to_have_attribute("href", address)  # it goes on from there
    names = rows.locator("a.row-link").all_inner_texts()
    assert len(set(names)) == len(names)
    page.goto(address)  # without script it is a plain link to the next page
    assert page.locator("#rows a.row-link").first.inner_text() == names[before]
