"""The admin changes what a form asks for, without code: new records need it, running ones go on as they began."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DEVICES
from tests.e2e.designing import Designing
from tests.e2e.desk import Visitor
from tests.e2e.payments import Case

RUNNING, NEW = "ZD24SH00289-008", "ZD25FZ00108-002"
PART = "120.00"
DESK = DEVICES["desk"]


@pytest.fixture
def case(visit: Callable[..., Visitor], tmp_path: Path) -> Case:
    """Payments at the desk."""
    return Case(visit, DESK, tmp_path)


@pytest.fixture
def admin(visit: Callable[..., Visitor]) -> Designing:
    """The admin before the payment form."""
    designing = Designing(visit("admin", DESK))
    designing.open("payment")
    return designing


def test_a_required_field_without_code(case: Case, admin: Designing) -> None:
    page = admin.page
    agent = case.agent(RUNNING)
    running = case.record(agent, RUNNING, amount=PART)
    case.confirm(case.link(agent))

    fresh = admin.add("text", "回单编号", "Receipt")
    page.locator(".designer-properties input[name=required]").check()
    expect(fresh).to_contain_text("*")
    expect(page.locator("[data-unpublished]")).to_be_visible()
    admin.saved()
    page.goto("/admin")
    expect(page.locator(".list-item", has_text="收款").locator(".chip").first).to_have_text("有未发布的修改")
    admin.open("payment")
    admin.publish("回单编号")

    try:
        newcomer = case.agent(NEW)
        newcomer.open_record("bill", NEW)
        newcomer.page.locator("main a[href*='/forms/payment/new?bill=']").click()
        newcomer.field("收款渠道").select_option(label="银行转账")
        newcomer.press("登记收款")
        field = newcomer.field("回单编号")
        expect(field).to_have_attribute("aria-invalid", "true")
        described = str(field.get_attribute("aria-describedby")).split()
        words = " ".join(newcomer.page.locator(f"[id='{each}']").inner_text() for each in described)
        assert re.search("填|必", words), words

        finance = case.visit("finance", DESK)
        finance.open_task(running)
        assert finance.page.get_by_label("回单编号").count() == 0, "this payment goes on as it began"
        case.allocate(finance, RUNNING, PART)
        expect(finance.page.locator(".list-item[data-task]", has_text=running)).to_have_count(0)
    finally:
        admin.open("payment")
        admin.choose("receipt")
        page.locator(".designer-properties input[name=required]").uncheck()
        admin.publish("回单编号")
