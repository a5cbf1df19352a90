"""Two approvers have the same task open: one decides, the other is told kindly by whom and that nothing was changed."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import DEVICES
from tests.e2e.desk import Visitor
from tests.e2e.payments import Case

BILL = "ZD24SH00289-008"


def test_who_was_faster_is_said(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    case = Case(visit, DEVICES["desk"], tmp_path)
    agent = case.agent(BILL)
    number = case.record(agent, BILL, amount="100.00")
    payment = agent.page.url
    case.confirm(case.link(agent))
    first, second = visit("finance", DEVICES["desk"]), visit("finance2", DEVICES["phone"])
    for one in (first, second):
        one.open_task(number)
    second.press("添加一行")
    row = second.page.locator(".rows-line").last
    second.pick(row.get_by_role("combobox"), BILL)
    row.locator("input").last.fill("60.00")

    case.allocate(first, BILL, "100.00")
    expect(first.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    second.decide("approve")
    told = second.page.get_by_role("alert")
    expect(told).to_contain_text("殷书禾")
    expect(told).to_contain_text("同意")

    agent.page.goto(payment)
    assert agent.fact("收款状态") == "待主管终审"
    assert "100.00" in agent.page.locator("main").inner_text()
    assert "60.00" not in agent.page.locator("main").inner_text()
