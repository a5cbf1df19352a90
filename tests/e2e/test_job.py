"""One real job through every room: a payment recorded, confirmed by the customer, reviewed, approved; the bill paid."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.desk import Device, Visitor
from tests.e2e.payments import Case, figures, receipt

WHOLE = {"desk": "ZD25SH00422-005", "phone": "ZD25QD00049-010"}
PARTIAL = {"desk": "ZD25HZ00282-010", "phone": "ZD25FZ00108-002"}
REJECTED = {"desk": "ZD25SH00559-005", "phone": "ZD24NB00197-015"}


@pytest.fixture
def case(visit: Callable[..., Visitor], device: Device, tmp_path: Path) -> Case:
    """A payment to be made, on this device."""
    return Case(visit, device, tmp_path)


def test_a_payment_from_the_bank_file_to_a_paid_bill(case: Case) -> None:
    bill, device = WHOLE[case.device.name], case.device
    amount = Decimal(receipt(bill)["amount"])
    agent = case.agent(bill)
    finance = case.visit("finance", device)
    finance.page.goto("/inbox")

    number = case.record(agent, bill)
    assert agent.fact("收款状态") == "待客户确认"
    link = case.link(agent)
    assert figures(agent, bill) == ("待付", Decimal(0), amount, amount), "promised is not paid"
    assert finance.page.locator(".list-item", has_text=number).count() == 0, "finance waits for the customer"

    customer = case.visit(None, device)
    customer.page.goto(link)
    expect(customer.page.locator("main")).to_contain_text(bill)
    assert customer.page.locator("nav").count() == 0, "a guest sees one task and no way elsewhere"
    for path in ("/", "/inbox", "/forms/bill", "/admin"):
        customer.page.goto(path)
        expect(customer.page).to_have_url(re.compile("/login"))
    case.confirm(link)
    customer.page.goto(link)
    expect(customer.page.locator(".empty")).to_be_visible()
    assert customer.page.locator("[data-decision]").count() == 0, "the second visit only says that it is done"

    item = finance.page.locator(".list-item", has_text=number)
    expect(item).to_be_visible()  # without a reload: the page listens
    item.click()
    case.allocate(finance, bill, str(amount))
    expect(finance.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    assert figures(agent, bill) == ("待付", Decimal(0), amount, amount), "allocated is still pending"

    supervisor = case.visit("supervisor", device)
    supervisor.open_task(number)
    supervisor.decide("approve")
    expect(supervisor.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    assert figures(agent, bill) == ("已付", amount, Decimal(0), Decimal(0))


def test_a_part_leaves_the_bill_partly_paid(case: Case) -> None:
    bill = PARTIAL[case.device.name]
    agent, finance = case.agent(bill), case.visit("finance2", case.device)
    number = case.record(agent, bill, amount="327.00")
    case.confirm(case.link(agent))
    _, _, _, before = figures(agent, bill)
    finance.open_task(number)
    case.allocate(finance, bill, "327.00")
    expect(finance.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    supervisor = case.visit("supervisor", case.device)
    supervisor.open_task(number)
    supervisor.decide("approve")
    expect(supervisor.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    assert figures(agent, bill) == ("部分支付", Decimal("327.00"), Decimal(0), before - Decimal("327.00"))


def test_rejections_go_where_they_should(case: Case) -> None:
    bill, device = REJECTED[case.device.name], case.device
    amount = receipt(bill)["amount"]
    agent = case.agent(bill)
    number = case.record(agent, bill)
    payment = agent.page.url
    link = case.link(agent)

    customer = case.visit(None, device)
    customer.page.goto(link)
    customer.decide("reject", comment="这一笔不是我付的")
    expect(customer.page.locator(".empty")).to_be_visible()

    agent.open_task(number)
    expect(agent.page.locator(".timeline")).to_contain_text("这一笔不是我付的")
    agent.decide("resubmit")
    expect(agent.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    agent.page.goto(payment)
    assert agent.fact("收款状态") == "待客户确认"
    case.confirm(case.link(agent))

    finance = case.visit("finance", device)
    finance.open_task(number)
    finance.decide("reject", reason="付款人不符")
    expect(finance.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    agent.page.goto(payment)
    assert agent.fact("收款状态") == "待客户确认"
    expect(agent.page.locator(".timeline").first).to_contain_text("付款人不符")
    case.confirm(case.link(agent))

    supervisor = case.visit("supervisor", device)
    for attempt in (1, 2):
        finance.open_task(number)
        if attempt == 1:
            case.allocate(finance, bill, amount)
        else:
            finance.decide("approve")
        expect(finance.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
        supervisor.open_task(number)
        supervisor.decide("reject", comment="到账日期与流水不一致")
        expect(supervisor.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
        agent.page.goto(payment)
        assert agent.fact("收款状态") == "待财务初审"

    admin = case.visit("admin", device)
    admin.open_task(number)  # the second rejection asks the admin to look at it
    expect(admin.page.locator(".timeline").first).to_contain_text("到账日期与流水不一致")
