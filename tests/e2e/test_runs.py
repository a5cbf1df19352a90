"""Operations in a browser: something fails, the administrator mends the record and goes on; a jump and a cancel."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk import Device, Visitor


def approve(key: str, title: dict[str, str]) -> dict[str, Any]:
    """A step of the supervisor."""
    return {"key": key, "type": "approve", "title": title, "by": {"role": "supervisor"}}


FLOW: dict[str, Any] = {
    "kind": "flow",
    "key": "intake",
    "title": {"en": "Intake", "zh-CN": "客户建档审核"},
    "form": "customer",
    "trigger": {"on": "submit"},
    "steps": [
        approve("check", {"en": "Check", "zh-CN": "资料核对"}),
        {
            "key": "size",
            "type": "branch",
            "title": {"en": "Size", "zh-CN": "判断规模"},
            "cases": [
                {
                    "key": "long",
                    "title": {"en": "Long name", "zh-CN": "名称较长"},
                    "when": "LEN(name) >= 3",
                    "steps": [
                        {
                            "key": "mark",
                            "type": "update",
                            "title": {"en": "Mark", "zh-CN": "写入别名"},
                            "set": {"aliases": {"=": 'TEXT(1000 / LEN(city), "0")'}},
                        }
                    ],
                }
            ],
        },
        approve("last", {"en": "Last look", "zh-CN": "最后确认"}),
    ],
}
_SEND = """async ([method, path, body, revision]) => {
  const answer = await fetch('/api/v1' + path, {method, body: JSON.stringify(body), headers: {
    'Content-Type': 'application/json', 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content,
    'Idempotency-Key': crypto.randomUUID(), ...(revision ? {'If-Match': `"${revision}"`} : {})}})
  return [answer.status, await answer.json()]
}"""


def send(page: Page, method: str, path: str, body: Any, revision: int | None = None) -> Any:
    """A request of whoever is logged in."""
    status, answer = page.evaluate(_SEND, [method, path, body, revision])
    assert status < 300, answer
    return answer


@pytest.fixture
def admin(visit: Callable[..., Visitor], device: Device) -> Visitor:
    """The administrator; the flow is published."""
    visitor = visit("admin", device)
    page = visitor.page
    if page.evaluate("async () => (await fetch('/api/v1/definitions/flows/intake/versions')).status") == 404:
        made = send(page, "POST", "/definitions/flows", {"definition": FLOW})
        send(page, "POST", "/definitions/flows/intake/publish", {"note": ""}, made["revision"])
    return visitor


def begin(visit: Callable[..., Visitor], device: Device, name: str, *, approve: bool) -> None:
    """A customer that an agent hands in; the supervisor agrees, which fails: it has no city."""
    agent = visit("agent", device)
    values = {"customer_no": name, "name": name, "type": "company"}
    send(agent.page, "POST", "/forms/customer/records", {"values": values})
    if approve:
        supervisor = visit("supervisor", device)
        supervisor.page.goto("/inbox")
        supervisor.open_task(name)
        supervisor.decide("approve")
        expect(supervisor.page.locator(".list-item", has_text=name)).to_have_count(0)


def run_page(admin: Visitor, name: str) -> Page:
    """The run, found by the words of its record."""
    page = admin.page
    page.goto(f"/admin/runs?q={name}")
    page.locator("a.row-link").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    return page


def test_what_failed_is_mended_and_the_run_goes_on(
    visit: Callable[..., Visitor], admin: Visitor, device: Device
) -> None:
    name = f"长河物流{device.name}"
    begin(visit, device, name, approve=True)
    page = run_page(admin, name)
    expect(page.locator(".run-trouble")).to_contain_text("#DIV/0!")
    admin.page.goto("/inbox")
    admin.open_task(name)
    admin.field("城市").fill("苏州")
    admin.decide("retry")
    expect(page.locator(".list-item", has_text=name)).to_have_count(0)
    page = run_page(admin, name)
    expect(page.locator(".run-trouble")).to_have_count(0)
    expect(page.locator(".run-why")).to_contain_text("≥ 3")
    expect(page.locator("aside")).to_contain_text("最后确认")
    page.goto("/admin/runs/figures?flow=intake")
    expect(page.locator("table")).to_contain_text("资料核对")


def test_a_run_is_sent_elsewhere_and_ended(visit: Callable[..., Visitor], admin: Visitor, device: Device) -> None:
    name = f"远山贸易{device.name}"
    begin(visit, device, name, approve=False)
    page = run_page(admin, name)
    page.get_by_role("button", name="跳转…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("继续于").select_option("last")
    dialog.get_by_label("原因").fill("电话已核实")
    dialog.get_by_role("button", name="跳转", exact=True).click()
    expect(page.locator("aside")).to_contain_text("最后确认")
    expect(page.locator(".run-way")).to_contain_text("电话已核实")
    page.get_by_role("button", name="取消流程…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("重复录入")
    dialog.get_by_role("button", name="取消流程", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("已取消")
    expect(page.get_by_role("button", name="取消流程…")).to_have_count(0)
