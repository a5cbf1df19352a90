"""Somebody else is asked: for advice and back again, or instead of oneself; at a desk and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.desk import Device, Visitor

FINANCE, ADMIN = "殷书禾", "季若衡"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_advice_and_handing_over(visit: Callable[..., Visitor], device: Device, language: str) -> None:
    finance, admin = visit("finance", device, language), visit("admin", device, language)
    for visitor in (finance, admin):
        visitor.speak(language)
    finance.page.goto("/inbox")
    title = finance.page.locator(".list-item .title").last.inner_text()

    finance.open_task(title)
    finance.ask("delegate", ADMIN, "Does the payer fit?")
    expect(waiting(finance, title)).to_have_count(0)
    admin.open_task(title)
    expect(admin.page.locator("[data-decision=approve]")).to_have_count(0)  # only advice is asked
    admin.decide("advise", comment="It does.")
    expect(waiting(admin, title)).to_have_count(0)

    finance.open_task(title)
    expect(finance.page.locator(".timeline")).to_contain_text("It does.")
    finance.ask("transfer", ADMIN)
    expect(waiting(finance, title)).to_have_count(0)
    admin.open_task(title)
    expect(admin.page.locator("[data-decision=approve]")).to_be_visible()
    admin.ask("transfer", FINANCE)
    expect(waiting(admin, title)).to_have_count(0)
    finance.open_task(title)
    expect(finance.page.locator("[data-decision=approve]")).to_be_visible()


def test_who_sits_there_already_is_not_asked_again(visit: Callable[..., Visitor], device: Device) -> None:
    finance = visit("finance", device)
    finance.page.goto("/inbox")
    title = finance.page.locator(".list-item .title").last.inner_text()
    finance.open_task(title)
    finance.ask("add_beside", "卓清越")
    expect(finance.page.get_by_role("alert")).to_contain_text("此人已在审批人之中")
    expect(waiting(finance, title)).to_have_count(1)


def waiting(visitor: Visitor, title: str) -> Locator:
    """The task in the visitor's list of what waits for them."""
    return visitor.page.locator(".list-item[data-task]", has_text=title)
