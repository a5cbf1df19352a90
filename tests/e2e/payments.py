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
from tests.e2e.words import Words

CHINESE = Words("zh-CN")
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
    words: Words = CHINESE

    def somebody(self, person: str | None) -> Visitor:
        """A browser of this person, on this device, in this language."""
        visitor = self.visit(person, self.device, self.words.language)
        if person is not None and self.words != CHINESE:
            visitor.speak(self.words.language)
        return visitor

    def agent(self, bill: str) -> Visitor:
        """Who looks after the bill: an agent sees only their own."""
        return self.somebody({"agent1": "agent", "agent2": "agent2"}[receipt(bill)["agent"]])

    def record(self, agent: Visitor, bill: str, **other: str) -> str:
        """The agent opens the bill and records what the bank shows; the payment's number."""
        line, words = {**receipt(bill), **other}, self.words
        agent.open_record("bill", bill)
        agent.page.locator("main a[href*='/forms/payment/new?bill=']").click()
        expect(agent.page.locator("h1")).to_contain_text(words.title("payment"))
        agent.field(words.label("payment.amount")).fill(line["amount"])
        agent.field(words.label("payment.channel")).select_option(label=words.option("payment.channel", "bank"))
        agent.field(words.label("payment.payer")).fill(line["payer"])
        agent.field(words.label("payment.value_date")).fill(line["value_date"])
        agent.field(words.label("payment.bank_serial")).fill(line["serial"])
        picture = self.slips / f"{bill}.jpg"
        picture.write_bytes(draw_slip(Slip(line["serial"], line["amount"], line["value_date"], line["payer"])))
        agent.attach(picture)
        agent.press(words.submit("payment"))
        expect(agent.page).to_have_url(re.compile(r"/records/\d+"))
        return agent.page.locator("h1").inner_text().strip()

    def link(self, agent: Visitor) -> str:
        """The address behind the QR code on the payment's page."""
        expect(agent.page.locator("#guest-link .qr svg")).to_have_count(1)
        return agent.page.locator("#guest-link-url").input_value()

    def confirm(self, link: str) -> Visitor:
        """The customer opens the link without an account and confirms."""
        customer = self.somebody(None)
        customer.page.goto(link)
        customer.decide("approve")
        expect(customer.page.locator(".empty")).to_be_visible()
        return customer

    def allocate(self, finance: Visitor, bill: str, amount: str) -> None:
        """Finance puts the whole amount on one bill and approves."""
        finance.press(self.words.ui("Add a row"))
        row = finance.page.locator(".rows-line").last
        finance.pick(row.get_by_role("combobox"), bill)
        row.locator("input").last.fill(amount)
        finance.decide("approve")

    def figures(self, visitor: Visitor, bill: str) -> tuple[str, Decimal, Decimal, Decimal]:
        """Status, paid, pending and outstanding as the bill's page shows them."""
        visitor.open_record("bill", bill)
        labels = [self.words.label(f"bill.{key}") for key in ("paid", "pending", "outstanding")]
        paid, pending, outstanding = (Decimal(re.sub(r"[^\d.-]", "", visitor.fact(label))) for label in labels)
        return visitor.fact(self.words.label("bill.status")), paid, pending, outstanding
