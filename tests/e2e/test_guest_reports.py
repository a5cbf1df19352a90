"""A guest without an account: scans the code on a machine, reports with a photo, follows it, confirms and rates."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DEVICES
from tests.e2e.desk import Device, Visitor
from tests.e2e.repairs import Repair

EQUIPMENT = "SZ02-AC-03"


def go_to(visitor: Visitor, form: str, name: str) -> None:
    """The record's own page, found by the list's search (a click opens it beside the list on a desk)."""
    visitor.page.goto(f"/forms/{form}?q={name}")
    row = visitor.page.get_by_role("link", name=name, exact=True).first
    visitor.page.goto(str(row.get_attribute("href")))


@dataclass
class ByCode(Repair):
    """The repair of something on which a QR code sticks; the guest has a phone, whatever the staff work at."""

    def code(self, agent: Visitor) -> str:
        """The address behind the code of the machine, made where there is none yet."""
        go_to(agent, "equipment", EQUIPMENT)
        agent.page.locator("summary", has_text=self.words.ui("QR code for guests")).click()
        making = agent.page.get_by_role("button", name=self.words.ui("Make a code"))
        if making.count():
            making.click()
            agent.page.locator("summary", has_text=self.words.ui("QR code for guests")).click()
        expect(agent.page.locator(".public-link .qr svg")).to_be_visible()
        return agent.page.locator("[data-public-link=ticket]").input_value()

    def guest(self) -> Visitor:
        """Somebody with a phone."""
        return self.visit(None, DEVICES["phone"], self.words.language)

    def report(self, agent: Visitor) -> str:
        """By the code; the address of the ticket as staff see it."""
        self.reporter = self.guest()
        page = self.reporter.page
        page.goto(self.code(agent))
        expect(page.locator("main")).to_contain_text(EQUIPMENT)
        expect(page.locator("main")).to_contain_text("示例仓·苏州2号店")
        self.reporter.press(self.words.submit("ticket"))
        expect(page.locator("#form-problems")).to_contain_text(self.label("photos"))
        self.reporter.field(self.label("description")).fill(self.what)
        self.photo(self.reporter, "photos")
        self.reporter.field(self.label("contact")).fill("孔思")
        self.reporter.field(self.label("contact_phone")).fill("199-0000-2494")
        self.reporter.press(self.words.submit("ticket"))
        expect(page).to_have_url(re.compile(r"/v/[\w-]+$"))
        number = page.locator("h1 + p strong").inner_text()
        expect(page.locator(".timeline")).to_contain_text(self.words.option("ticket.status", "submitted"))
        expect(page.locator("main img").first).to_be_visible()
        go_to(agent, "ticket", number)
        assert agent.fact(self.label("equipment")) == EQUIPMENT
        return agent.page.url


@pytest.fixture
def repair(visit: Callable[..., Visitor], device: Device, tmp_path: Path, request: pytest.FixtureRequest) -> ByCode:
    """A report of its own, the staff on this device."""
    return ByCode(visit, device, tmp_path, f"扫码报修空调 {request.node.callspec.id}")


def test_a_guest_reports_by_code_follows_it_and_rates(repair: ByCode) -> None:
    technician = repair.dispatched()
    follows = repair.reporter.page
    follows.reload()
    expect(follows.locator(".timeline")).to_contain_text(repair.words.option("ticket.status", "dispatched"))
    repair.begin(technician)
    technician.press(repair.words.ui("Use my position"))
    expect(technician.page.locator(".location-found")).to_contain_text("12")
    repair.photo(technician, "before_photos")
    technician.decide("approve")
    repair.stands(technician, "on_site")
    repair.begin(technician)
    repair.photo(technician, "after_photos")
    technician.field(repair.label("cause")).fill("滤网堵塞")
    technician.field(repair.label("parts")).fill("无")
    technician.decide("approve")
    expect(technician.page).to_have_url(re.compile("view=my_jobs"))

    follows.reload()
    follows.get_by_role("link", name=repair.words.ui("Answer now")).click()
    expect(follows).to_have_url(re.compile("/g/"))
    follows.get_by_role("radio").nth(4).check(force=True)
    repair.reporter.decide("approve")
    expect(follows.locator(".empty")).to_be_visible()
    repair.agent.page.goto(repair.ticket)
    assert repair.agent.fact(repair.label("status")) == repair.words.option("ticket.status", "closed")


def test_a_sheet_of_labels_and_a_new_code(repair: ByCode) -> None:
    dispatcher = repair.somebody("dispatcher")
    page = dispatcher.page
    page.goto("/forms/equipment?q=SZ02-EL")
    page.locator("details.menu:has([action$='/labels']) summary").click()
    page.get_by_role("button", name=repair.words.ui("Labels of these records")).click()
    expect(page).to_have_url(re.compile(r"/forms/equipment/labels\?ids="))
    expect(page.locator(".label").first).to_contain_text("SZ02-EL")
    expect(page.locator(".label .qr svg")).to_have_count(page.locator(".label").count())
    go_to(dispatcher, "equipment", page.locator(".label-name").first.inner_text())
    page.locator("summary", has_text=repair.words.ui("QR code for guests")).click()
    old = page.locator("[data-public-link=ticket]").input_value()
    guest = repair.guest().page
    guest.goto(old)
    expect(guest.locator("main")).to_contain_text("SZ02-EL")
    page.get_by_role("button", name=repair.words.ui("New code")).click()
    expect(page.locator(".toast, [role=status]").filter(has_text="新的二维码").first).to_be_visible()
    guest.reload()
    expect(guest.locator("main")).to_contain_text(repair.words.ui("This link does not work"))
