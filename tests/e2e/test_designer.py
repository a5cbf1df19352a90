"""The form designer as an admin uses it: from blank, from a sheet, on a form in use; by keyboard; two at once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from tests.e2e.conftest import DEVICES
from tests.e2e.designing import Designing
from tests.e2e.desk import Visitor

DESK, PHONE = DEVICES["desk"], DEVICES["phone"]


@pytest.fixture
def admin(visit: Callable[..., Visitor]) -> Designing:
    """An admin at the desk."""
    return Designing(visit("admin", DESK))


def test_twelve_fields_from_blank(admin: Designing) -> None:
    page = admin.page
    admin.begin("blank", "活动申请", "Event request")
    expect(page.locator("h1")).to_have_text("活动申请")
    for kind, chinese, english in (
        ("date", "日期", "Day"),
        ("number", "人数", "Guests"),
        ("money", "预算", "Budget"),
        ("boolean", "需要餐饮", "Catering"),
        ("text", "餐饮要求", "Menu"),
        ("member", "负责人", "Host"),
        ("phone", "电话", "Telephone"),
        ("email", "邮箱", "Mailbox"),
        ("choice", "场地", "Hall"),
        ("table", "物料", "Supplies"),
    ):
        expect(admin.add(kind, chinese, english)).to_have_attribute("data-chosen", "")

    # Columns of the table, in place.
    page.locator("[data-block='supplies']").get_by_role("button", name="添加列").click()
    admin.add_column("number", "数量", "Count", table="supplies")
    page.locator("[data-block='supplies']").get_by_role("button", name="添加列").click()
    admin.add_column("money", "单价", "Price", table="supplies")

    # A formula, written with completion.
    page.locator("[data-block='+0.0'], [data-section-head='0'] .block-cover").first.click()
    admin.add("formula", "合计", "Total")
    box = page.locator(".formula-box")
    box.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("SUM(")
    page.keyboard.type("单")
    page.keyboard.press("Enter")
    page.keyboard.type(")")
    expect(box.locator(".name-chip")).to_have_text("物料 › 单价")
    expect(page.locator(".formula-said")).to_contain_text("CNY")

    # Shown on a condition, clicked together.
    admin.choose("menu")
    admin.part("规则")
    page.locator("[data-condition]").click()
    page.locator("[data-add-condition]").first.click()
    page.locator(".condition [name=field]").first.select_option(label="需要餐饮")
    expect(admin.block("menu")).to_contain_text("有条件显示")
    admin.publish("发布")

    # It works: the condition, the formula.
    page.goto("/forms/event_request/new")
    assert page.get_by_label("餐饮要求").count() == 0
    page.get_by_label("需要餐饮").first.check()
    expect(page.get_by_label("餐饮要求")).to_be_visible()
    admin.visitor.field("标题").fill("年会")
    page.locator("[data-add]").click()
    page.locator(".rows-line input").last.fill("12.50")
    page.locator(".rows-line input").last.press("Tab")
    expect(page.locator(".field", has_text="合计")).to_contain_text("12.50")
    admin.visitor.press("提交")
    expect(page).to_have_url(re.compile(r"/records/\d+"))
    expect(page.locator("main")).to_contain_text("年会")


def test_from_an_excel_file(admin: Designing, tmp_path: Path) -> None:
    page = admin.page
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Asset code", "Bought on", "Price", "State"])
    for at in range(30):
        sheet.append([f"A-{at:03}", f"2025-0{at % 9 + 1}-15", 100 + at, ("in use", "spare")[at % 2]])
    file = tmp_path / "assets.xlsx"
    book.save(file)
    page.goto("/admin/new-form")
    page.locator("[data-start=sheet] input[type=file]").set_input_files(file)
    expect(page.locator(".guesses li")).to_have_count(4)
    admin.named("资产", "Assets listed")
    types = page.locator(".designer-canvas .block-cover[aria-label]").evaluate_all(
        "all => all.map((one) => one.ariaLabel)"
    )
    assert any("日期" in each for each in types), types
    assert any("选项" in each for each in types), types
    admin.publish("发布")
    page.goto("/forms/assets_listed/new")
    expect(admin.visitor.field("Asset code")).to_be_visible()


def test_a_form_in_use_gets_a_field_a_rule_another_name_and_order(admin: Designing) -> None:
    page = admin.page
    admin.open("customer")
    admin.choose("city")
    label = page.locator(".designer-properties [data-first] [lang=zh-CN]")
    label.fill("所在城市")
    before = admin.order()
    page.locator("[data-block='city'] .block-cover").focus()
    page.keyboard.press("Alt+ArrowUp")
    assert admin.order().index("city") == before.index("city") - 1
    page.keyboard.press("Control+z")
    assert admin.order() == before
    page.keyboard.press("Control+y")
    assert admin.order() != before
    admin.add("text", "备注", "Remarks")
    admin.part("规则")
    page.locator("[data-add-rule]").click()
    page.locator("[data-write]").first.click()
    box = page.locator(".formula-box").first
    box.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("LEN(remarks) <= 5")
    page.locator(".rule [lang=zh-CN]").fill("备注太长")
    admin.publish("所在城市", "备注")
    try:
        page.goto("/forms/customer/new")
        page.get_by_label("备注").fill("一二三四五六")
        page.get_by_label("备注").blur()
        expect(page.locator(".field-error", has_text="备注太长")).to_be_visible()
        expect(page.get_by_text("所在城市")).to_be_visible()
    finally:
        admin.open("customer")
        page.locator("[data-versions]").click()
        versions = page.locator(".version-list > li")
        expect(versions.first).to_be_visible()
        published = versions.count()
        page.locator("[data-back]").first.click()
        page.get_by_role("button", name="重新发布").click()
        expect(versions).to_have_count(published + 1)
    page.reload()
    expect(page.locator(".block-cover[aria-label^='所在城市']")).to_have_count(0)


def test_by_keyboard_alone(admin: Designing) -> None:
    page = admin.page
    admin.begin("blank", "键盘", "Keyboard form")
    page.keyboard.press("/")
    expect(page.locator(".designer-palette input[type=search]")).to_be_focused()
    page.keyboard.type("date")
    page.keyboard.press("Enter")
    expect(page.locator(".designer-properties [data-first] [lang=zh-CN]")).to_be_focused()
    page.keyboard.type("到达日")
    page.keyboard.press("Escape")
    expect(page.locator("[data-block='date_1'] .block-cover")).to_be_focused()
    page.keyboard.press("Control+d")
    expect(page.locator("[data-block='date_2'] .block-cover")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    assert admin.order() == ["title", "date_2", "date_1"]
    page.keyboard.press("Delete")
    assert admin.order() == ["title", "date_1"]
    page.keyboard.press("Control+z")
    assert admin.order() == ["title", "date_2", "date_1"]
    admin.saved()


def test_dragged_from_the_palette_and_within(admin: Designing) -> None:
    page = admin.page
    admin.begin("blank", "拖动", "Dragged form")
    source = page.locator("[data-type=number]").bounding_box()
    target = admin.block("title").bounding_box()
    assert source
    assert target
    page.mouse.move(source["x"] + 10, source["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + 10, target["y"] + 20, steps=8)
    expect(page.locator("[data-drop]")).to_have_count(1)
    page.mouse.up()
    assert admin.order() == ["number_1", "title"]
    first, second = admin.block("number_1").bounding_box(), admin.block("title").bounding_box()
    assert first
    assert second
    page.mouse.move(first["x"] + 40, first["y"] + 30)
    page.mouse.down()
    page.mouse.move(second["x"] + second["width"] - 8, second["y"] + 30, steps=8)
    page.mouse.up()
    assert admin.order() == ["title", "number_1"]


def test_what_hangs_on_a_field_is_said_before_it_goes(admin: Designing) -> None:
    page = admin.page
    admin.open("customer")
    admin.choose("name")
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-uses-beyond] li").first).to_be_visible()
    expect(dialog).to_contain_text("记录")
    dialog.get_by_role("button", name="取消").click()
    expect(admin.block("name")).to_be_visible()
    expect(page.locator("[data-unpublished]")).to_have_count(0)


def test_two_admins_are_merged_and_warned(visit: Callable[..., Visitor], admin: Designing) -> None:
    admin.begin("blank", "两人", "Two admins")
    other = Designing(visit("admin", DESK))
    other.open("two_admins")
    admin.add("date", "甲的日期", "First day")
    admin.saved()
    other.add("number", "乙的数字", "Second number")
    other.saved()
    expect(other.block("first_day")).to_be_visible()
    expect(other.block("second_number")).to_be_visible()
    # The same place, differently: nobody is written over.
    admin.choose("title")
    admin.name("甲的标题", "Title")
    admin.saved()
    other.choose("title")
    other.name("乙的标题", "Title")
    notice = other.page.get_by_role("alert").filter(has_text="甲的标题")
    expect(notice).to_be_visible()
    notice.locator("[data-settle=mine]").click()
    other.saved()
    other.page.reload()
    expect(other.page.locator(".block-cover[aria-label^='乙的标题']")).to_be_visible()
    expect(other.block("second_number")).to_be_visible()


def test_a_problem_leads_to_its_place(admin: Designing) -> None:
    page = admin.page
    admin.begin("blank", "问题", "Problem form")
    admin.add("formula", "算", "Sum wrong")
    page.locator(".formula-box").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("nothing_like_it + 1")
    page.locator("h1").click()
    expect(page.locator("[data-problems]")).to_contain_text("1")
    admin.choose("title")
    page.locator("[data-problems]").click()
    page.get_by_role("dialog").locator(".list-item").first.click()
    expect(admin.block("sum_wrong")).to_have_attribute("data-chosen", "")


def test_preview_as_a_role_on_a_phone_in_english(admin: Designing) -> None:
    page = admin.page
    admin.open("customer")
    page.locator("[data-preview]").first.click()
    sheet = page.locator("[data-preview].preview-sheet")
    expect(sheet).to_contain_text("客户名称")
    page.locator("select[name=locale]").select_option("en")
    expect(sheet).to_contain_text("Name")
    expect(sheet).not_to_contain_text("客户名称")
    page.get_by_role("group", name="宽度").get_by_role("button", name="手机上").click()
    box = page.locator(".preview-phone").bounding_box()
    assert box
    assert box["width"] <= 390
    page.locator("select[name=role]").select_option("technician")
    expect(page.get_by_role("dialog")).to_contain_text("对其不可用")


def test_on_a_phone(visit: Callable[..., Visitor]) -> None:
    admin = Designing(visit("admin", PHONE))
    page = admin.page
    admin.begin("leave", "请假单", "Leave slip")
    admin.block("reason").locator(".block-cover").tap()
    expect(page.locator(".designer-properties")).to_be_visible()
    page.locator(".designer-properties [lang=zh-CN]").first.fill("请假事由")
    page.locator(".sheet-close").click()
    expect(page.locator(".block-cover[aria-label^='请假事由']")).to_be_visible()
    page.locator(".designer-add").tap()
    page.locator(".designer-palette [data-type=date]").tap()
    expect(page.locator(".designer-properties")).to_be_visible()
    page.locator(".sheet-close").click()
    before = admin.order()
    block = admin.block("date_1")
    block.get_by_role("button", name=re.compile("上移")).tap()
    assert admin.order() != before
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, wide
