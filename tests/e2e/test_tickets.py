"""A repair on desk and phone: dispatch, check-in by GPS (and where it is not valid), completion, rating."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.desk import Device, Visitor
from tests.e2e.repairs import AT_THE_DOOR, JOBS, ROUND_THE_CORNER, Repair


@pytest.fixture
def repair(visit: Callable[..., Visitor], device: Device, tmp_path: Path, request: pytest.FixtureRequest) -> Repair:
    """A report of its own, on this device."""
    return Repair(visit, device, tmp_path, f"空调不制冷 {request.node.callspec.id} {request.node.originalname[-8:]}")


def check_in(repair: Repair, technician: Visitor) -> None:
    """Let the device say where it is."""
    technician.press(repair.words.ui("Use my position"))
    expect(technician.page.locator(".location-found")).to_contain_text("12")


def finish(repair: Repair, technician: Visitor) -> None:
    """A photo, the cause, the parts."""
    repair.begin(technician)
    technician.decide("approve")
    expect(technician.page.locator("#form-problems")).to_contain_text(repair.label("after_photos"))
    repair.photo(technician, "after_photos")
    technician.field(repair.label("cause")).fill("滤网堵塞")
    technician.field(repair.label("parts")).fill("无")
    technician.decide("approve")
    expect(technician.page).to_have_url(re.compile("view=my_jobs"))
    expect(repair.card(technician)).to_have_count(0)


def test_from_the_report_to_five_stars(repair: Repair) -> None:
    technician = repair.dispatched()
    card = repair.card(technician)
    assert "uri.amap.com" in str(card.get_by_role("link", name="导航").get_attribute("href"))
    assert str(card.locator(".work-map").get_attribute("href")).startswith("geo:31.36")
    technician.press(repair.words.ui("Nearest first"))
    expect(card.locator("[data-far]")).to_have_text(re.compile(r"^[0-9]0 ?米$|^0 ?米$"))
    expect(technician.page.locator(".work-card").first).to_contain_text("示例仓·苏州2号店")

    repair.begin(technician)
    check_in(repair, technician)
    assert technician.page.locator(".field-label", has_text=repair.label("checkin_reason")).count() == 0
    repair.photo(technician, "before_photos")
    technician.decide("approve")
    repair.stands(technician, "on_site")
    finish(repair, technician)

    repair.agent.page.goto(repair.ticket)
    assert repair.agent.fact(repair.label("status")) == repair.words.option("ticket.status", "done")
    customer = repair.somebody(None)
    customer.page.goto(repair.agent.page.locator("#guest-link-url").input_value())
    expect(customer.page.locator("main")).to_contain_text("滤网堵塞")
    customer.decide("approve")
    expect(customer.page.locator("#form-problems")).to_contain_text(repair.label("rating"))
    customer.page.get_by_role("radio").nth(4).check(force=True)
    customer.decide("approve")
    expect(customer.page.locator(".empty")).to_be_visible()
    repair.agent.page.goto(repair.ticket)
    assert repair.agent.fact(repair.label("status")) == repair.words.option("ticket.status", "closed")
    assert repair.agent.fact(repair.label("checkin_valid")) == "是"


def test_a_check_in_round_the_corner_and_waiting_for_parts(repair: Repair) -> None:
    technician = repair.dispatched()
    repair.move(technician, ROUND_THE_CORNER)
    repair.begin(technician)
    check_in(repair, technician)
    technician.decide("approve")
    expect(technician.page.locator("#form-problems")).to_contain_text(repair.label("checkin_reason"))
    technician.field(repair.label("checkin_reason")).fill("地下室无信号")
    repair.photo(technician, "checkin_photo")
    technician.decide("approve")
    expect(technician.page).to_have_url(re.compile("view=my_jobs"))
    expect(repair.card(technician)).to_have_count(0)  # the supervisor looks at it first

    supervisor = repair.somebody("supervisor")
    supervisor.open_task(repair.what)
    expect(supervisor.page.locator(".split-task")).to_contain_text("地下室无信号")
    assert int(supervisor.fact(repair.label("checkin_distance"))) > 200
    supervisor.decide("approve")
    expect(supervisor.page.locator(".list-item[data-task]", has_text=repair.what)).to_have_count(0)

    technician.page.goto(JOBS)
    repair.stands(technician, "on_site")
    repair.begin(technician)
    technician.decide("reject", comment="等压缩机")
    repair.stands(technician, "waiting_parts")
    repair.begin(technician)
    technician.decide("submit")
    repair.stands(technician, "on_site")
    finish(repair, technician)


def test_who_cannot_take_it_says_why_and_the_next_is_asked(repair: Repair) -> None:
    technician = repair.dispatched()
    repair.begin(technician)
    technician.decide("reject", reason="身体不适")
    expect(technician.page).to_have_url(re.compile("view=my_jobs"))
    expect(repair.card(technician)).to_have_count(0)
    repair.agent.page.goto(repair.ticket)
    expect(repair.agent.page.locator(".timeline").first).to_contain_text("身体不适")
    assert repair.agent.fact(repair.label("status")) == repair.words.option("ticket.status", "accepted")


def test_the_position_is_nobody_elses_business(repair: Repair) -> None:
    """Without leave the page asks nothing; with it nothing of the position is sent."""
    technician = repair.somebody("technician2")
    technician.page.goto(JOBS)
    said = technician.page.locator(".near-said")
    expect(said).to_be_empty()
    sent: list[str] = []
    technician.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    technician.page.context.grant_permissions(["geolocation"])
    repair.move(technician, AT_THE_DOOR)
    technician.press(repair.words.ui("Nearest first"))
    expect(said).to_contain_text("10")
    assert not [each for each in sent if "31.36" in each or "120.47" in each]
