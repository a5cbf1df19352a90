"""Lists as people use them: a filter kept as a view, cells and many records changed and undone, a record beside its
list, the dirty sheet brought in with three cells put right.
"""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.e2e.conftest import DEVICES
from tests.e2e.desk import Device, Visitor

SHEET = Path(__file__).parents[1] / "data" / "legacy" / "legacy_contracts_dirty.xlsx"
DESK = DEVICES["desk"]


def alive(page: Page) -> None:
    """The list's tools are at work."""
    expect(page.locator("[data-list-page][data-alive]")).to_be_visible()


def customers(admin: Visitor, *names: str) -> None:
    """New customers, so that a test changes nobody else's records."""
    admin.page.goto("/forms/customer")
    for name in names:
        values = {"name": name, "customer_no": f"T{uuid4().hex[:8]}", "type": "person", "phone": "19912345678"}
        made = admin.page.evaluate(
            """async (values) => (await fetch('/api/v1/forms/customer/records', {
                method: 'POST', headers: {'Content-Type': 'application/json',
                'X-CSRF-Token': document.querySelector('meta[name="csrf-token"]').content,
                'Idempotency-Key': crypto.randomUUID()}, body: JSON.stringify({values})})).text()""",
            values,
        )
        assert '"id"' in made, made


def listed(page: Page, words: str) -> None:
    page.goto(f"/forms/customer?q={words}")
    alive(page)


def test_a_filter_is_built_and_kept_as_a_view(visit: Callable[..., Visitor], device: Device) -> None:
    finance = visit("finance", device)
    page, name = finance.page, f"大额账单 {uuid4().hex[:6]}"
    page.goto("/forms/bill")
    alive(page)
    page.locator("[data-tool=filter]").click()
    page.locator("[data-add-condition]").click()
    page.get_by_label("字段").select_option(label="账单金额")
    page.get_by_label("条件", exact=True).select_option(label="大于")
    page.locator(".tool-dialog").get_by_label("账单金额").fill("500")
    page.locator("[data-apply]").click()
    expect(page.locator("[data-tool=filter] .badge")).to_have_text("1")
    alive(page)
    page.locator("[data-tool=view]").click()
    page.locator("[name=view-title]").fill(name)
    page.locator("[data-apply]").click()
    expect(page).to_have_url(re.compile(r"saved=\d+"))
    expect(page.locator(".tabs a[aria-current]")).to_have_text(name)
    amounts = page.locator("tr[data-row] td[data-label=账单金额]").all_inner_texts()
    assert amounts
    assert all(float(re.sub(r"[^\d.]", "", amount)) > 500 for amount in amounts)
    page.goto("/forms/bill")
    page.locator(".tabs a", has_text=name).click()
    alive(page)
    page.locator("[data-tool=view]").click()
    page.get_by_role("button", name="删除视图").click()
    expect(page).to_have_url(re.compile(r"/forms/bill$"))
    expect(page.locator(".tabs a", has_text=name)).to_have_count(0)


def test_many_records_are_changed_and_it_is_undone(visit: Callable[..., Visitor], device: Device) -> None:
    admin, mark = visit("admin", device), uuid4().hex[:8]
    page = admin.page
    customers(admin, f"甲{mark}", f"乙{mark}", f"丙{mark}")
    listed(page, mark)
    if device.touch:
        page.locator("[data-tool=pick]").click()
    for row in page.locator("tr[data-row] .pick input").all():
        row.check()
    page.locator("[data-bulk=change]").click()
    page.locator("[name=bulk-field]").select_option(label="城市")
    page.locator("#bulk-value").fill("台州")
    page.locator("[data-preview]").click()
    expect(page.locator(".tool-dialog ins")).to_have_text(["台州"] * 3)
    page.locator("[data-act]").click()
    cities = page.locator("tr[data-row] td[data-label=城市]")
    expect(cities).to_have_text(["台州"] * 3)
    page.locator(".toast button").click()
    expect(cities).not_to_have_text(["台州"] * 3)
    expect(page.locator(".toast", has_text="已还原")).to_be_visible()


def test_records_go_into_the_bin_and_come_out_of_it(visit: Callable[..., Visitor], device: Device) -> None:
    admin, mark = visit("admin", device), uuid4().hex[:8]
    page = admin.page
    customers(admin, f"丁{mark}", f"戊{mark}")
    listed(page, mark)
    if device.touch:
        page.locator("[data-tool=pick]").click()
    for row in page.locator("tr[data-row] .pick input").all():
        row.check()
    page.locator("[data-bulk=delete]").click()
    page.locator("[data-act]").click()
    expect(page.locator("tr[data-row]")).to_have_count(0)
    page.goto("/forms/customer/bin")
    binned = page.locator("tr", has_text=mark)
    expect(binned).to_have_count(2)
    binned.first.get_by_role("button", name="恢复").click()
    expect(page.locator("tr", has_text=mark)).to_have_count(1)
    listed(page, mark)
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_a_cell_is_changed_by_the_keyboard_alone_and_undone(visit: Callable[..., Visitor]) -> None:
    admin, mark = visit("admin", DESK), uuid4().hex[:8]
    page = admin.page
    customers(admin, f"己{mark}")
    listed(page, mark)
    page.locator("td[data-edit]").first.focus()
    while page.evaluate("document.activeElement.dataset.edit") != "city":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".cell-editor input")).to_be_focused()
    page.keyboard.type("舟山")
    page.keyboard.press("Enter")
    city = page.locator("td[data-edit=city]")
    expect(city).to_have_text("舟山")
    expect(city).to_be_focused()
    page.locator(".toast button").click()
    expect(city).to_have_text("")


def test_a_record_opens_beside_its_list(visit: Callable[..., Visitor]) -> None:
    page = visit("finance", DESK).page
    page.goto("/forms/bill")
    alive(page)
    links = page.locator("tr[data-row] a.row-link")
    first, second = links.nth(0).inner_text(), links.nth(1).inner_text()
    links.first.click()
    panel = page.locator("dialog.panel")
    expect(panel.locator("h1")).to_contain_text(first)
    expect(panel.locator("#comments")).to_be_attached()
    page.keyboard.press("j")
    expect(panel.locator("h1")).to_contain_text(second)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/forms/bill$"))
    expect(links.nth(1)).to_be_focused()


def test_a_long_list_goes_on_by_itself(visit: Callable[..., Visitor], device: Device) -> None:
    page = visit("admin", device).page
    page.goto("/forms/contract")
    alive(page)
    rows = page.locator("tr[data-row]")
    before = rows.count()
    rows.last.scroll_into_view_if_needed()
    page.wait_for_function("count => document.querySelectorAll('tr[data-row]').length > count", arg=before)
    ids = page.evaluate("[...document.querySelectorAll('tr[data-row]')].map(row => row.dataset.row)")
    assert len(set(ids)) == len(ids)


def test_the_dirty_sheet_is_brought_in_with_three_cells_put_right(
    visit: Callable[..., Visitor], device: Device
) -> None:
    page, mark = visit("admin", device).page, uuid4().hex[:6].upper()
    page.goto("/forms/contract/import")
    page.locator("[name=profile]").select_option(value="legacy_contracts")
    page.locator("input[type=file]").set_input_files(SHEET)
    grid = page.locator(".review-grid")
    expect(grid).to_be_visible(timeout=60_000)
    expect(grid.locator("td[data-level=error]").first).to_be_visible()
    wrong = int(page.locator("[data-count-of=error]").inner_text())
    # one that says nothing but that there is such a contract already becomes another, of a time when its unit is free
    number = "td[data-column=contract_no][data-level=error]"
    taken = page.locator("tr[data-state=error]").filter(has=page.locator(number)).all()
    line = next(row.get_attribute("data-line") for row in taken if row.locator("[data-level=error]").count() == 1)
    row = page.locator(f"tr[data-line='{line}']").first
    year = 2100 + int(mark, 16) % 800  # desk and phone mend the same row: each takes the unit for a year of its own
    mended = {"contract_no": f"HT-{mark}", "start": f"{year}-01-01", "end": f"{year}-12-31"}
    for count, (column, value) in enumerate(mended.items(), 1):
        row.locator(f"td[data-column={column}] button").click()
        row.locator("input").fill(value)
        row.locator("input").press("Enter")
        expect(row.locator("td[data-fixed]")).to_have_count(count)
    expect(page.locator("[data-count-of=error]")).to_have_text(str(wrong - 1))
    page.locator("[data-run]").click()
    expect(page.locator("[data-result]")).to_have_text("已写入 1 条记录。", timeout=120_000)
    page.goto(f"/forms/contract?q={mark}")
    expect(page.locator("tr[data-row]")).to_have_count(1)
