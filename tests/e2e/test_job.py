"""One real job through every room: a payment recorded, confirmed by the customer, reviewed, approved; the bill paid."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.desk import Device, Visitor
from tests.e2e.payments import Case, receipt
from tests.e2e.words import Words

WHOLE = {
    ("desk", "zh-CN"): "ZD25SH00422-005",
    ("phone", "zh-CN"): "ZD25QD00049-010",
    ("desk", "en"): "ZD25NB00078-011",
    ("phone", "en"): "ZD24FZ00110-020",
}
PARTIAL = {"desk": "ZD25HZ00282-010", "phone": "ZD25FZ00108-002"}
REJECTED = {"desk": "ZD25SH00559-005", "phone": "ZD24NB00197-015"}


@pytest.fixture
def case(visit: Callable[..., Visitor], device: Device, tmp_path: Path) -> Case:
    """A payment to be made, on this device."""
    return Case(visit, device, tmp_path)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_payment_from_the_bank_file_to_a_paid_bill_and_back(case: Case, language: str) -> None:
    words = Words(language)
    case = replace(case, words=words)
    bill = WHOLE[case.device.name, language]
    amount = Decimal(receipt(bill)["amount"])
    still_open = (words.option("bill.status", "open"), Decimal(0), amount, amount)
    agent, finance = case.agent(bill), case.somebody("finance")
    finance.page.goto("/inbox")

    number = case.record(agent, bill)
    payment = agent.page.url
    assert agent.fact(words.label("payment.status")) == words.option("payment.status", "pending_customer")
    link = case.link(agent)
    assert case.figures(agent, bill) == still_open, "promised is not paid"
    assert finance.page.locator(".list-item", has_text=number).count() == 0, "finance waits for the customer"

    customer = case.somebody(None)
    customer.page.goto(link)
    expect(customer.page.locator("html")).to_have_attribute("lang", language)
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
    assert case.figures(agent, bill) == still_open, "allocated is still pending"

    supervisor = case.somebody("supervisor")
    supervisor.open_task(number)
    supervisor.decide("approve")
    expect(supervisor.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    assert case.figures(agent, bill) == (words.option("bill.status", "paid"), amount, Decimal(0), Decimal(0))

    reverse(case, supervisor, payment)
    assert case.figures(agent, bill) == (words.option("bill.status", "open"), Decimal(0), Decimal(0), amount)


def reverse(case: Case, supervisor: Visitor, payment: str) -> None:
    """The supervisor takes a confirmed payment back, by the button on its page; without a reason it does not go."""
    words = case.words
    supervisor.page.goto(payment)
    supervisor.decide("payment_reversal")
    supervisor.confirm()
    reason = supervisor.field(words.label("payment.reversal_reason"))
    expect(reason).to_have_attribute("aria-invalid", "true")
    assert supervisor.fact(words.label("payment.status")) == words.option("payment.status", "confirmed")
    reason.fill("Booked twice by the bank / 银行重复入账")
    supervisor.confirm()
    expect(supervisor.page.locator(".decision")).to_have_count(0)
    assert supervisor.fact(words.label("payment.status")) == words.option("payment.status", "reversed")
    assert supervisor.fact(words.label("payment.reversal_reason")).startswith("Booked twice")


def test_a_part_leaves_the_bill_partly_paid(case: Case) -> None:
    bill = PARTIAL[case.device.name]
    agent, finance = case.agent(bill), case.visit("finance2", case.device)
    number = case.record(agent, bill, amount="327.00")
    case.confirm(case.link(agent))
    _, _, _, before = case.figures(agent, bill)
    finance.open_task(number)
    case.allocate(finance, bill, "327.00")
    expect(finance.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    supervisor = case.visit("supervisor", case.device)
    supervisor.open_task(number)
    supervisor.decide("approve")
    expect(supervisor.page.locator(".list-item[data-task]", has_text=number)).to_have_count(0)
    assert case.figures(agent, bill) == ("部分支付", Decimal("327.00"), Decimal(0), before - Decimal("327.00"))


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
    expect(agent.page.locator(".task-title", has_text=number)).to_have_count(0)  # the next one has opened
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
