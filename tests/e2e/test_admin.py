"""The admin changes what a form asks for, without code: new records need it, running ones go on as they began."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import DEVICES
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
def admin(visit: Callable[..., Visitor]) -> Visitor:
    """The admin before the payment form."""
    visitor = visit("admin", DESK)
    visitor.page.goto("/admin/forms/payment")
    return visitor


def row(admin: Visitor, label: str) -> Locator:
    """The line of a field, by its key or its Chinese name."""
    by_name = admin.page.get_by_role("button", name=f"移动“{label}”", exact=False)
    return admin.page.locator(".field-row").filter(has=by_name)


def settled(admin: Visitor) -> None:
    """The draft is with the server."""
    expect(admin.page.get_by_role("status").filter(has_text="草稿已保存")).to_be_visible()


def publish(admin: Visitor, *words: str) -> None:
    """By the dialog that says first what will change."""
    settled(admin)
    admin.page.locator("[data-publish]").click()
    dialog = admin.page.get_by_role("dialog")
    for each in words:
        expect(dialog.locator(".changes")).to_contain_text(each)
    dialog.get_by_role("button", name="发布", exact=True).click()
    expect(admin.page.locator("[data-unpublished]")).to_have_count(0)
    expect(dialog).to_be_hidden()


def test_a_required_field_without_code(case: Case, admin: Visitor) -> None:
    page = admin.page
    agent = case.agent(RUNNING)
    running = case.record(agent, RUNNING, amount=PART)
    case.confirm(case.link(agent))

    page.locator("section", has=page.get_by_role("heading", name="收款信息")).locator("[data-add-field]").click()
    page.locator("[data-type=text]").click()
    page.locator("dialog input[name=zh]").fill("回单")
    page.locator("dialog input[name=en]").fill("Receipt")
    page.get_by_role("button", name="添加", exact=True).click()
    fresh = page.locator(".field-row").filter(has=page.locator(".chip", has_text="新"))
    expect(fresh).to_have_count(1)
    expect(page.locator("[data-unpublished]")).to_be_visible()

    fresh.get_by_label("中文名称").fill("回单编号")
    fresh.get_by_label("中文名称").blur()
    fresh.get_by_label("英文名称").fill("Receipt number")
    fresh.get_by_label("英文名称").blur()
    fresh.get_by_role("switch").check()
    place = page.locator(".field-row").evaluate_all(PLACE)
    fresh.get_by_role("button", name=re.compile("^上移|上移")).click()
    assert page.locator(".field-row").evaluate_all(PLACE) == place - 1

    page.get_by_role("button", name="撤销", exact=True).click()
    assert page.locator(".field-row").evaluate_all(PLACE) == place
    page.get_by_role("button", name="重做", exact=True).click()
    assert page.locator(".field-row").evaluate_all(PLACE) == place - 1
    settled(admin)
    page.goto("/admin")
    expect(page.locator(".list-item", has_text="收款").locator(".chip")).to_have_text("有未发布的修改")
    page.goto("/admin/forms/payment")
    publish(admin, "回单编号")

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
        page.reload()
        page.locator(".field-row[data-key=receipt]").get_by_role("switch").uncheck()
        publish(admin, "回单编号")


PLACE = """rows => rows.findIndex((row) => row.dataset.key.startsWith('receipt'))"""


def test_a_draft_that_is_wrong_names_its_problem(admin: Visitor) -> None:
    page = admin.page
    page.goto("/admin/forms/customer")
    before = page.locator(".field-row").first.get_by_label("中文名称").input_value()
    for label in ("中文名称", "英文名称"):
        page.locator(".field-row").first.get_by_label(label).fill("")
        page.locator(".field-row").first.get_by_label(label).blur()
    expect(page.locator(".field-row").first.locator(".field-error")).to_be_visible()
    page.locator("[data-publish]").click()
    expect(page.get_by_role("dialog").locator(".notice-bad")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("button", name="发布", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    for _ in range(2):
        page.get_by_role("button", name="撤销", exact=True).click()
    settled(admin)
    expect(page.locator(".field-row").first.get_by_label("中文名称")).to_have_value(before)
    expect(page.locator("[data-unpublished]")).to_have_count(0)
