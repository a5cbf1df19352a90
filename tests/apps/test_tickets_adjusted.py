"""What a firm changes in the repair preset by itself: it takes the JSON out, edits it and puts it back. No code."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidDefinition

from tests.apps.conftest import House
from tests.apps.workshop import Workshop, case

ROWS = {row["ticket_no"]: row for row in case()}
COLD = ROWS["GD2510090004"]  # SZ02: air conditioning, JS017 is the nearest of those who can
PEST = {"key": "pest", "label": {"en": "Pests", "zh-CN": "虫害"}}


@pytest.fixture
def shop(house: House, workspace: int) -> Iterator[Workshop]:
    """The repair service as it ships, on a working morning."""
    found = Workshop.open(house, workspace)
    found.travel("2025-10-13T10:00")
    yield found
    assert found.journals_replay()


def edit(shop: Workshop, kind: str, changes: dict[str, Callable[[dict[str, Any]], None]]) -> None:
    """Export, edit, import: these definitions of one kind go live together."""
    store = shop.house.stores.of_kind(kind)
    with unit_of_work(shop.house.databases, shop.workspace) as session:
        bodies = {key: dict(store.body(session, key)) for key in changes}
        for key, change in changes.items():
            change(bodies[key])
        store.publish_together(session, bodies, shop.people["admin"], note="our own rules")


def field(form: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in form["fields"] if each["key"] == key)
    return found


def add(form: dict[str, Any], new: dict[str, Any]) -> None:
    form["fields"].append(new)
    form["layout"][0]["items"].append(new["key"])


def where(flow: dict[str, Any]) -> dict[str, Any]:
    step = next(each for each in flow["steps"] if each["key"] == "dispatch")
    best: dict[str, Any] = step["by"]["best"]
    return best


def with_height(form: dict[str, Any]) -> None:
    """Whoever reports says whether it is high up."""
    add(form, {"key": "high_up", "type": "boolean", "label": {"en": "High up", "zh-CN": "高空作业"}})
    line = next(each for each in form["access"] if each["role"] == "agent")
    line["fields"]["high_up"] = "write"


def with_licence(form: dict[str, Any]) -> None:
    add(form, {"key": "may_climb", "type": "boolean", "label": {"en": "May climb", "zh-CN": "持登高证"}})


def only_who_may_climb(flow: dict[str, Any]) -> None:
    best = where(flow)
    best["where"] += " AND (NOT high_up OR target.may_climb)"


def test_a_field_joins_the_report_and_routing_uses_it(shop: Workshop) -> None:
    edit(shop, "form", {"ticket": with_height, "technician": with_licence})
    edit(shop, "flow", {"ticket_handling": only_who_may_climb})
    usual, high = shop.report(COLD), shop.report(COLD, high_up=True)
    for ticket in (usual, high):
        shop.decide(ticket, "dispatcher", "approve")
    assert shop.asked(usual) == {"JS017 offer dispatch"}
    assert shop.asked(high) == {"dispatcher step dispatch"}, "nobody is known to have the licence"
    licensed = shop.known.records["technician"]["JS016"]
    with unit_of_work(shop.house.databases, shop.workspace) as session:
        shop.house.records.update(
            session, shop.house.forms, licensed, {"may_climb": True, "skills": ["ac"]}, shop.people["admin"]
        )
    again = shop.report(COLD, high_up=True)
    shop.decide(again, "dispatcher", "approve")
    assert shop.asked(again) == {"JS016 offer dispatch"}


def test_routing_by_a_field_that_is_not_there_is_refused_where_it_stands(shop: Workshop) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        edit(shop, "flow", {"ticket_handling": only_who_may_climb})
    assert any(issue.pointer.endswith("/by/best/where") for issue in caught.value.issues)
    ticket = shop.report(COLD)
    shop.decide(ticket, "dispatcher", "approve")
    assert shop.asked(ticket) == {"JS017 offer dispatch"}, "the rules that were live still are"


def with_pests(form: dict[str, Any]) -> None:
    key = "skills" if form["key"] == "technician" else "category"
    field(form, key)["options"].append(PEST)


def pests_within_two_hours_round_the_clock(form: dict[str, Any]) -> None:
    with_pests(form)
    target, calendar = field(form, "sla_target"), field(form, "sla_calendar")
    target["value"] = f'IF(category = "pest" AND priority <> "p1", 120, {target["value"]})'
    calendar["value"] = f'IF(category = "pest", "always", {calendar["value"]})'


def test_another_category_has_an_sla_of_its_own(shop: Workshop) -> None:
    edit(
        shop,
        "form",
        {"ticket": pests_within_two_hours_round_the_clock, "equipment": with_pests, "technician": with_pests},
    )
    shop.travel("2025-10-13T17:30")  # half an hour before the service closes
    pest = shop.report(COLD, category="pest", description="货架下发现白蚁")
    usual = shop.report(COLD, description="空调滴水严重")
    for ticket in (pest, usual):
        shop.decide(ticket, "dispatcher", "approve")
    assert (shop.clock(pest).target, shop.clock(pest).calendar) == (120 * 60, "always")
    assert (shop.clock(usual).target, shop.clock(usual).calendar) == (240 * 60, "service")
    assert shop.asked(pest) == {"dispatcher step dispatch"}, "nobody has that skill yet"
    shop.travel("2025-10-13T19:31")
    shop.tick()
    assert (shop.clock(pest).colour, shop.clock(pest).breached) == ("red", True)
    assert (round(shop.clock(usual).used / 60), shop.clock(usual).breached) == (30, False)
    urgent = shop.report(COLD, category="pest", description="白蚁蛀穿线路,配电箱冒烟")
    shop.decide(urgent, "dispatcher", "approve")
    assert shop.clock(urgent).target == 15 * 60
