"""The acts of the payment job, as the people do them in the browser."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from apps.slips import Slip, draw_slip
from tests.e2e.desk import Device, Visitor

RECEIPTS = json.loads((Path(__file__).parents[1] / "data" / "bank_receipts.json").read_text("utf-8"))


def receipt(bill: str) -> dict[str, Any]:
    """The line of the bank's file that pays this bill."""
    return next(each for each in RECEIPTS if each["bill"] == bill)


@dataclass
class Case:
    """One payment on its way, and the browsers of those who handle it."""

    visit: Callable[..., Visitor]
    device: Device
    slips: Path

    def agent(self, bill: str) -> Visitor:
        """Who looks after the bill: an agent sees only their own."""
        return self.visit({"agent1": "agent", "agent2": "agent2"}[receipt(bill)["agent"]], self.device)

    def record(self, agent: Visitor, bill: str, **other: str) -> str:
        """The agent opens the bill and records what the bank shows; the payment's number."""
        line = {**receipt(bill), **other}
        agent.open_record("bill", bill)
        agent.page.locator("main a[href*='/forms/payment/new?bill=']").click()
        expect(agent.page.locator("h1")).to_contain_text("收款")
        agent.field("收款金额").fill(line["amount"])
        agent.field("收款渠道").select_option(label="银行转账")
        agent.field("付款人").fill(line["payer"])
        agent.field("到账日期").fill(line["value_date"])
        agent.field("银行流水号").fill(line["serial"])
        picture = self.slips / f"{bill}.jpg"
        picture.write_bytes(draw_slip(Slip(line["serial"], line["amount"], line["value_date"], line["payer"])))
        agent.attach(picture)
        agent.press("登记收款")
        expect(agent.page).to_have_url(re.compile(r"/records/\d+"))
        return agent.page.locator("h1").inner_text().strip()

    def link(self, agent: Visitor) -> str:
        """The address behind the QR code on the payment's page."""
        expect(agent.page.locator("#guest-link .qr svg")).to_have_count(1)
        return agent.page.locator("#guest-link-url").input_value()

    def confirm(self, link: str) -> Visitor:
        """The customer opens the link without an account and confirms."""
        customer = self.visit(None, self.device)
        customer.page.goto(link)
        customer.decide("approve")
        expect(customer.page.locator(".empty")).to_be_visible()
        return customer

    def allocate(self, finance: Visitor, bill: str, amount: str) -> None:
        """Finance puts the whole amount on one bill and approves."""
        finance.press("添加一行")
        row = finance.page.locator(".rows-line").last
        finance.pick(row.get_by_role("combobox"), bill)
        row.locator("input").last.fill(amount)
        finance.decide("approve")


def figures(visitor: Visitor, bill: str) -> tuple[str, Decimal, Decimal, Decimal]:
    """Status, paid, pending and outstanding as the bill's page shows them."""
    visitor.open_record("bill", bill)
    paid, pending, outstanding = (
        Decimal(re.sub(r"[^\d.-]", "", visitor.fact(label))) for label in ("已付", "待确认", "未付余额")
    )
    return visitor.fact("账单状态"), paid, pending, outstanding
