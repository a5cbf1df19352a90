"""Talking about a record: one says something, the other answers from a phone, and the first page follows by itself."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.conftest import DEVICES
from tests.e2e.desk import Device, Visitor

Visit = Callable[..., Visitor]
MARKUP = "<b>金额相符</b>"


def _say(page: Page, words: str) -> None:
    page.locator(".comment-form textarea").fill(words)
    page.locator(".comment-form button").click()
    expect(page.locator(".comment-body").last).to_have_text(words)


def test_two_talk_about_a_record(visit: Visit, device: Device) -> None:
    first, other = visit("finance", device).page, visit("supervisor", DEVICES["phone"]).page
    first.goto("/forms/payment")
    first.locator("a.row-link").first.click()
    _say(first, "请看一下凭证")
    other.goto(first.url.split("#")[0])
    expect(other.locator(".comment-body").last).to_have_text("请看一下凭证")
    first.locator(".comment-form textarea").fill("还没写完")
    _say(other, MARKUP)
    expect(first.locator(".comment-body").last).to_have_text(MARKUP)  # by itself, and as text
    expect(first.locator(".comment-form textarea")).to_have_value("还没写完")
    told = other.locator(".comment-body").count()
    other.locator(".comment").last.locator("form[action$=delete] button").click()
    expect(other.locator(".comment-body")).to_have_count(told - 1)
    expect(first.locator(".comment-body")).to_have_count(told - 1)
