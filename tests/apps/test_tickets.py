"""A repair ticket from report to verification (LEASING §2, §9), played through the services on a real database."""

from collections.abc import Iterator
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput
from formloom.i18n import localized

from tests.apps.conftest import House
from tests.apps.workshop import GUEST, Workshop, case

ROWS = {row["ticket_no"]: row for row in case()}
COLD = ROWS["GD2510090004"]  # SZ02: air conditioning, one skilled technician is nearest
AT_SZ02 = {"lat": "31.367217", "lon": "120.480060", "crs": "gcj02", "accuracy": "24.0"}
MONDAY = "2025-10-13T10:00"


@pytest.fixture
def shop(house: House, workspace: int) -> Iterator[Workshop]:
    """The repair service, every journal of which must replay in the end."""
    found = Workshop.open(house, workspace)
    found.travel(MONDAY)
    yield found
    assert found.journals_replay()


def done(shop: Workshop, ticket: int, who: str) -> None:
    """The technician has repaired it."""
    changes = {"after_photos": shop.picture(who), "cause": "滤网堵塞", "parts": "无"}
    shop.decide(ticket, who, "approve", changes=changes)


def test_from_report_to_closing(shop: Workshop) -> None:
    """Three people act from the report to the dispatch: who reports, who accepts, who takes it."""
    ticket = shop.report(COLD)
    assert shop.asked(ticket) == {"dispatcher step accept"}
    shop.decide(ticket, "dispatcher", "approve")
    assert shop.asked(ticket) == {"JS017 offer dispatch"}
    shop.decide(ticket, "JS017", "accept")
    seen = shop.seen(ticket)
    assert (seen["status"], seen["priority"], seen["technician"]) == (
        "dispatched",
        "p4",
        shop.known.records["technician"]["JS017"],
    )
    assert (seen["sla_minutes"], seen["sla_breached"]) == ("0", False)
    assert shop.asked(ticket) == {"JS017 step arrive"}
    shop.decide(ticket, "JS017", "approve", changes={"checkin": AT_SZ02})
    seen = shop.seen(ticket)
    assert (seen["status"], seen["checkin_distance"], seen["checkin_valid"]) == ("on_site", "28", True)
    with pytest.raises(InvalidInput) as caught:
        shop.decide(ticket, "JS017", "approve", changes={"cause": "滤网堵塞"})
    assert {issue.pointer for issue in caught.value.issues} == {"/changes/after_photos", "/changes/parts"}
    done(shop, ticket, "JS017")
    assert shop.seen(ticket)["status"] == "done"
    with pytest.raises(InvalidInput):
        shop.decide(ticket, GUEST, "approve")
    shop.decide(ticket, GUEST, "approve", changes={"rating": 5})
    seen = shop.seen(ticket)
    assert (seen["status"], seen["verify_result"], seen["rating"]) == ("closed", "confirmed", 5)
    assert shop.asked(ticket) == set()
    technician = shop.technician("JS017")
    assert (technician["finished"], technician["fixed_at_once"], technician["in_time"]) == ("1", "1", "1")
    assert technician["score"] == "100.0"


def test_what_a_ticket_waits_for_is_told(shop: Workshop) -> None:
    """The page of work asks: of whom, for what, by when, and how much time is left to dispatch."""
    ticket, other = shop.report(COLD), shop.report(COLD)
    shop.decide(ticket, "dispatcher", "approve")
    technician, dispatcher = shop.people["JS017"].person_id, shop.people["dispatcher"].person_id
    assert technician is not None
    with unit_of_work(shop.house.databases, shop.workspace) as session:
        flows = shop.house.flows
        every = flows.waiting(session, [ticket, other])
        (offer,), (acceptance,) = every[ticket], every[other]
        assert flows.records_waiting_for(session, "ticket", technician, 10) == {ticket}
        assert flows.waiting(session, [ticket, other], technician) == {ticket: (offer,)}
    assert (offer.kind, offer.person, offer.fills, [each.decision for each in offer.offers]) == (
        "offer",
        technician,
        False,
        ["accept", "decline"],
    )
    labels = [reason.label for reason in offer.offers[1].reasons]
    assert [localized(label, "zh-CN") for label in labels] == ["手头忙", "距离太远", "工具或技能不符", "身体不适"]
    assert (acceptance.person, acceptance.fills, acceptance.due_at is not None) == (dispatcher, True, True)
    assert [clock.key for clock in offer.clocks] == ["dispatch"]


SPOILT: list[tuple[str, dict[str, Any]]] = [
    ("/photos", {"photos": []}),
    ("/equipment", {"equipment": 999_999_999}),
    ("/description", {"description": "坏了"}),
    ("/category", {"category": "roof"}),
    ("/contact", {"contact": ""}),
    ("/contact_phone", {"contact_phone": "12"}),
    ("/priority_override", {"priority_override": "p1"}),
    ("/status", {"status": "accepted"}),
]


@pytest.mark.parametrize(("pointer", "more"), SPOILT, ids=[pointer for pointer, _ in SPOILT])
def test_a_report_that_cannot_be_is_refused(shop: Workshop, pointer: str, more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        shop.report(COLD, **more)
    assert {issue.pointer for issue in caught.value.issues} == {pointer}
    shop.report(COLD)


def test_nine_photos_at_most(shop: Workshop) -> None:
    with pytest.raises(InvalidInput):
        shop.report({**COLD, "photo_count": "10"})
    shop.report({**COLD, "photo_count": "9"})


def test_the_priority_is_changed_by_hand_with_a_reason(shop: Workshop) -> None:
    ticket = shop.report(COLD)
    with pytest.raises(InvalidInput):
        shop.decide(ticket, "dispatcher", "approve", changes={"priority_override": "p1"})
    changes = {"priority_override": "p1", "override_reason": "客户在场等候"}
    shop.decide(ticket, "dispatcher", "approve", changes=changes)
    seen = shop.seen(ticket)
    assert (seen["priority_rule"], seen["priority"]) == ("p4", "p1")
    assert (shop.clock(ticket).target, shop.clock(ticket).calendar) == (15 * 60, "always")


def test_an_offer_goes_to_the_next_and_in_the_end_to_the_dispatcher(shop: Workshop) -> None:
    ticket = shop.report(ROWS["GD2510090005"])
    shop.decide(ticket, "dispatcher", "approve")
    (first,) = shop.asked(ticket)
    name = first.split()[0]
    with pytest.raises(InvalidInput):
        shop.decide(ticket, name, "decline")
    shop.decide(ticket, name, "decline", reason="busy")
    (second,) = shop.asked(ticket)
    assert second != first
    shop.travel("2025-10-13T10:16")
    assert shop.tick() == 1
    (third,) = shop.asked(ticket)
    assert third not in (first, second)
    moment = 32
    while not third.startswith("dispatcher"):
        shop.travel(f"2025-10-13T{10 + moment // 60}:{moment % 60:02d}")
        shop.tick()
        (third,), moment = shop.asked(ticket), moment + 16
    with pytest.raises(InvalidInput):
        shop.decide(ticket, "dispatcher", "submit")
    by_hand = {"technician": shop.known.records["technician"]["JS001"]}
    shop.decide(ticket, "dispatcher", "submit", changes=by_hand)
    assert shop.asked(ticket) == {"JS001 step arrive"}


def test_the_time_stands_still_while_the_customer_is_asked(shop: Workshop) -> None:
    ticket = shop.report(ROWS["GD2510090005"])
    shop.decide(ticket, "dispatcher", "approve")
    (offer,) = shop.asked(ticket)
    shop.travel("2025-10-13T10:20")
    shop.press("ticket_question", ticket, "dispatcher", {"question": "哪一层？"})
    assert shop.seen(ticket)["status"] == "waiting_customer"
    shop.decide(ticket, offer.split()[0], "accept")
    assert shop.seen(ticket)["status"] == "waiting_customer", "nobody goes before the customer has answered"
    shop.travel("2025-10-13T14:20")
    shop.decide(ticket, GUEST, "submit", changes={"answer": "三层"})
    shop.settle()
    seen = shop.seen(ticket)
    assert (seen["status"], seen["sla_minutes"], seen["sla_breached"]) == ("dispatched", "20", False)
    assert shop.asked(ticket) == {f"{offer.split()[0]} step arrive"}


def test_a_breach_is_escalated_and_stays(shop: Workshop) -> None:
    ticket = shop.report(ROWS["GD2510090005"])
    shop.decide(ticket, "dispatcher", "approve")
    shop.travel("2025-10-13T10:46")
    shop.tick()
    assert shop.clock(ticket).colour == "yellow"
    shop.travel("2025-10-13T11:01")
    shop.tick()
    assert (shop.clock(ticket).colour, shop.clock(ticket).breached) == ("red", True)
    (offer,) = shop.asked(ticket)
    if offer.startswith("dispatcher"):
        by_hand = {"technician": shop.known.records["technician"]["JS001"]}
        shop.decide(ticket, "dispatcher", "submit", changes=by_hand)
    else:
        shop.decide(ticket, offer.split()[0], "accept")
    assert shop.seen(ticket)["sla_breached"] is True


def test_who_cannot_go_gives_it_back_and_the_time_has_run_on(shop: Workshop) -> None:
    ticket = shop.report(ROWS["GD2510090005"])
    shop.decide(ticket, "dispatcher", "approve")
    (offer,) = shop.asked(ticket)
    first = offer.split()[0]
    shop.travel("2025-10-13T10:10")
    shop.decide(ticket, first, "accept")
    shop.travel("2025-10-13T10:30")
    shop.decide(ticket, first, "reject", reason="ill")
    seen = shop.seen(ticket)
    assert (seen["status"], shop.clock(ticket).running) == ("accepted", True)
    (offer,) = shop.asked(ticket)
    assert not offer.startswith(first)
    shop.travel("2025-10-13T10:40")
    shop.decide(ticket, offer.split()[0], "accept")
    assert shop.seen(ticket)["sla_minutes"] == "40"


FAR = {**AT_SZ02, "lat": "31.372000"}
ROUGH = {**AT_SZ02, "accuracy": "150.0"}
UNKNOWN = {key: value for key, value in AT_SZ02.items() if key != "accuracy"}
BY_PHONE = {"lat": "31.369214", "lon": "120.475936", "crs": "wgs84", "accuracy": "12.0"}


@pytest.mark.parametrize("place", [FAR, ROUGH, UNKNOWN], ids=["far", "rough", "unknown"])
def test_a_check_in_that_is_not_valid_needs_a_reason_a_photo_and_the_supervisor(
    shop: Workshop, place: dict[str, str]
) -> None:
    ticket = shop.report(COLD)
    shop.dispatched(ticket, "JS017")
    with pytest.raises(InvalidInput) as caught:
        shop.decide(ticket, "JS017", "approve", changes={"checkin": place})
    assert {issue.pointer for issue in caught.value.issues} == {"/changes/checkin_reason", "/changes/checkin_photo"}
    more = {"checkin_reason": "地下室无信号", "checkin_photo": shop.picture("JS017")}
    shop.decide(ticket, "JS017", "approve", changes={"checkin": place, **more})
    assert shop.asked(ticket) == {"supervisor step exception_approval"}
    assert shop.seen(ticket)["status"] == "dispatched"
    shop.decide(ticket, "supervisor", "reject", comment="请到现场重新签到")
    assert shop.asked(ticket) == {"JS017 step arrive"}
    shop.decide(ticket, "JS017", "approve", changes={"checkin": place, **more})
    shop.decide(ticket, "supervisor", "approve")
    seen = shop.seen(ticket)
    assert (seen["status"], seen["checkin_exception"]) == ("on_site", True)


def test_a_phone_says_wgs84_and_the_site_gcj02(shop: Workshop) -> None:
    ticket = shop.report(COLD)
    shop.dispatched(ticket, "JS017")
    shop.decide(ticket, "JS017", "approve", changes={"checkin": BY_PHONE})
    seen = shop.seen(ticket)
    assert (seen["status"], seen["checkin_valid"]) == ("on_site", True)
    assert int(seen["checkin_distance"]) < 30


def test_waiting_for_parts(shop: Workshop) -> None:
    ticket = shop.report(COLD)
    shop.dispatched(ticket, "JS017")
    shop.decide(ticket, "JS017", "approve", changes={"checkin": AT_SZ02})
    shop.decide(ticket, "JS017", "reject", comment="等压缩机")
    assert (shop.seen(ticket)["status"], shop.asked(ticket)) == ("waiting_parts", {"JS017 step parts_there"})
    shop.decide(ticket, "JS017", "submit")
    assert (shop.seen(ticket)["status"], shop.asked(ticket)) == ("on_site", {"JS017 step work"})


def test_silence_closes_after_48_hours_without_a_rating(shop: Workshop) -> None:
    ticket = shop.report(COLD)
    shop.dispatched(ticket, "JS017")
    shop.decide(ticket, "JS017", "approve", changes={"checkin": AT_SZ02})
    done(shop, ticket, "JS017")
    shop.travel("2025-10-15T09:58")
    shop.tick()
    assert shop.seen(ticket)["status"] == "done"
    shop.travel("2025-10-15T10:02")
    shop.tick()
    seen = shop.seen(ticket)
    assert (seen["status"], seen["verify_result"], seen.get("rating")) == ("closed", "auto", None)
    assert shop.technician("JS017")["rated"] == "0"


def test_rework_goes_back_to_the_technician(shop: Workshop) -> None:
    ticket = shop.report(COLD)
    shop.dispatched(ticket, "JS017")
    shop.decide(ticket, "JS017", "approve", changes={"checkin": AT_SZ02})
    done(shop, ticket, "JS017")
    with pytest.raises(InvalidInput):
        shop.decide(ticket, GUEST, "reject")
    shop.decide(ticket, GUEST, "reject", comment="还是不冷")
    assert (shop.seen(ticket)["status"], shop.asked(ticket)) == ("dispatched", {"JS017 step arrive"})
    shop.decide(ticket, "JS017", "approve", changes={"checkin": AT_SZ02})
    done(shop, ticket, "JS017")
    shop.decide(ticket, GUEST, "approve", changes={"rating": 3})
    seen = shop.seen(ticket)
    assert (seen["status"], seen["reopen_count"]) == ("closed", "1")
    assert shop.technician("JS017")["fixed_at_once"] == "0"


def test_refusing_and_cancelling(shop: Workshop) -> None:
    refused, cancelled = shop.report(COLD), shop.report(COLD)
    shop.decide(refused, "dispatcher", "reject", reason="duplicate")
    assert (shop.seen(refused)["status"], shop.asked(refused)) == ("rejected", set())
    shop.decide(cancelled, "dispatcher", "approve")
    shop.withdraw(cancelled, "agent")
    assert (shop.seen(cancelled)["status"], shop.asked(cancelled)) == ("cancelled", set())
