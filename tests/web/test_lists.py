"""Lists of records as pages: filters, looks, groups, other kinds, saved views, the bin, the import's page."""

import itertools
import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from tests.web.conftest import Browser, Office
from tests.web.test_pages import props

SICK = {"field": "type", "op": "in", "value": ["sick"]}


@pytest.fixture
def full(office: Office) -> Office:
    """Four requests of three kinds, over two months."""
    office.ask("request-0001", **{"type": "annual", "from": "2026-03-02", "to": "2026-03-04"})
    office.ask("request-0002", **{"type": "sick", "from": "2026-03-10", "to": "2026-03-10"})
    office.ask("request-0003", **{"type": "sick", "from": "2026-04-01", "to": "2026-04-05"})
    office.ask("request-0004", **{"type": "personal", "from": "2026-04-20", "to": "2026-04-21", "reason": "moving"})
    return office


def rows(page: str) -> list[str]:
    return re.findall(r'<tr data-row="(\d+)"', page)


def test_a_filter_of_the_address_narrows_the_list_and_the_tools_know_it(full: Office) -> None:
    page = full.manager.get(f"/forms/leave?filter={quote(json.dumps(SICK))}").text
    model = props(page, "list")
    assert len(rows(page)) == 2
    assert model["filter"] == SICK
    assert model["own"] == {"filter": json.dumps(SICK, separators=(",", ":"))}
    assert {"type", "from", "created_at"} <= {each["key"] for each in model["fields"]}
    assert full.manager.get("/forms/leave?filter=nonsense").status_code == 400
    assert full.manager.get('/forms/leave?filter={"field":"wage","op":"eq","value":"1"}').status_code == 400


def test_columns_are_those_that_the_address_names(full: Office) -> None:
    page = full.manager.get("/forms/leave?columns=reason,days,wage&frozen=1&widths=reason:240,days:nonsense").text
    assert re.findall(r'<th scope="col"[^>]*data-key="(\w+)"', page) == ["reason", "days"]
    assert '<col width="240">' in page
    assert re.search(r'class="[^"]*frozen"[^>]*data-key="reason"', page)


def test_records_stand_together_by_a_field_with_their_number_and_sums(full: Office) -> None:
    page = full.manager.get("/forms/leave?group=type&sums=days&columns=days").text
    heads = re.findall(r'<tr class="group-head" data-group="(\w+)">(.*?)</tr>', page, re.S)
    assert [key for key, _ in heads] == ["annual", "personal", "sick"]
    assert "2 条" in heads[2][1] or "2 records" in heads[2][1]
    assert re.search(r'<td class="num"[^>]*>\s*6\s*</td>', heads[2][1])
    assert re.search(r'class="list-sums">.*11.*</tr>', page, re.S)


def test_dates_are_grouped_by_month(full: Office) -> None:
    page = full.manager.get("/forms/leave?group=from:month").text
    assert re.findall(r'data-group="([\d-]+)"', page) == ["2026-03-01", "2026-04-01"]
    page = full.manager.get("/forms/leave?group=-from:year").text
    assert re.findall(r'data-group="([\d-]+)"', page) == ["2026-01-01"]


def test_a_row_has_the_colour_of_a_field(full: Office) -> None:
    page = full.manager.get("/forms/leave?colour=status").text
    assert page.count('data-tone="blue"') == 4


def test_a_board_has_a_lane_for_each_option(full: Office) -> None:
    page = full.manager.get("/forms/leave?show=board&by=type").text
    lanes = re.findall(r'<section class="lane" data-value="(.*?)".*?</section>', page, re.S)
    assert [lane.replace("&#34;", "") for lane in lanes] == ["annual", "sick", "personal"]
    assert page.count('class="record-card"') == 4
    assert "draggable" not in page  # a manager reads only


def test_a_calendar_shows_a_record_on_each_of_its_days(full: Office) -> None:
    page = full.manager.get("/forms/leave?show=calendar&start=from&end=to&on=2026-03-15").text
    assert page.count('class="day-entry"') == 3 + 1 + 5  # April's first days stand in the last week, too
    page = full.manager.get("/forms/leave?show=calendar&start=from&on=2026-03-15").text
    assert page.count('class="day-entry"') == 3


def test_a_timeline_has_a_bar_for_each_record(full: Office) -> None:
    page = full.manager.get("/forms/leave?show=timeline&start=from&end=to&on=2026-03-15&span=month&by=type").text
    assert page.count('class="bar"') == 2
    assert '<td colspan="1"></td><td colspan="3"><span class="bar"' in page
    assert page.count('class="bars-lane"') == 2


@pytest.mark.parametrize("look", ["calendar", "timeline&span=month", "timeline&span=quarter", "timeline&span=year"])
def test_the_first_and_the_last_days_that_there_are_have_a_page(full: Office, look: str) -> None:
    for start, on in itertools.product(("from", "created_at"), ("9999-12-31", "0001-01-01")):
        answer = full.manager.get(f"/forms/leave?show={look}&start={start}&on={on}")
        assert answer.status_code == 200, (start, on)
        beside = re.findall(r'href="(/forms/leave\?[^"]*on=[^"]*)"', answer.text)
        assert beside
        for href in beside:
            assert full.manager.get(unescape(href)).status_code == 200, href


def test_a_kind_that_lacks_its_field_is_a_list(full: Office) -> None:
    assert len(rows(full.manager.get("/forms/leave?show=calendar&start=reason_of_it").text)) == 4


def test_one_line_is_drawn_anew_whatever_the_filter(full: Office) -> None:
    page = full.manager.get("/forms/leave").text
    record = rows(page)[0]
    line = full.manager.get(f"/forms/leave/rows/{record}?filter={quote(json.dumps(SICK))}&columns=days").text
    assert rows(line) == [record]
    assert line.count("<td") == 2
    assert rows(full.manager.get("/forms/leave/rows/987654321").text) == []


def kept(browser: Browser, **body: Any) -> Any:
    body = {"title": "Sick ones", "body": {"filter": SICK, "columns": ["days"]}, **body}
    return browser.send("POST", "/api/v1/forms/leave/views", body, key="view-of-the-test-1")


def test_a_view_is_kept_for_oneself(full: Office) -> None:
    answer = kept(full.manager)
    assert answer.status_code == 201
    view = answer.get_json()
    assert (view["mine"], view["shared"]) == (True, False)
    page = full.manager.get(f"/forms/leave?saved={view['id']}").text
    assert len(rows(page)) == 2
    assert re.findall(r'data-key="(\w+)"', page) == ["days"]
    assert "Sick ones" in page
    assert len(rows(full.manager.get(f"/forms/leave?saved={view['id']}&filter=").text)) == 4
    assert "Sick ones" not in full.employee.get("/forms/leave").text
    assert full.employee.get(f"/forms/leave?saved={view['id']}").status_code == 404
    assert full.employee.send("DELETE", f"/api/v1/views/{view['id']}").status_code == 404


def test_a_shared_view_gives_no_rights(full: Office) -> None:
    view = kept(full.manager, shared=True).get_json()
    assert "Sick ones" in full.employee.get("/forms/leave").text
    assert full.employee.send("PATCH", f"/api/v1/views/{view['id']}", {"title": "Mine"}).status_code == 403
    changed = full.manager.send("PATCH", f"/api/v1/views/{view['id']}", {"title": "All sick", "shared": False})
    assert changed.get_json()["title"] == "All sick"
    assert full.employee.get("/api/v1/forms/leave/views").get_json()["items"] == []
    assert full.manager.send("DELETE", f"/api/v1/views/{view['id']}").status_code == 204
    assert full.manager.get("/api/v1/forms/leave/views").get_json()["items"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"show": "globe"}, "/body/show"),
        ({"where": "TRUE"}, "/body"),
        ({"filter": {"field": 7}}, "/body/filter"),
        ({"widths": {"days": 9}}, "/body/widths/days"),
    ],
)
def test_what_is_no_view_is_not_kept(full: Office, body: Any, pointer: str) -> None:
    answer = kept(full.manager, body=body)
    assert answer.status_code == 422
    assert answer.get_json()["issues"][0]["pointer"].startswith(pointer)


def test_a_saved_view_outlives_its_fields(full: Office) -> None:
    view = kept(full.manager, body={"show": "board", "by": "gone", "columns": ["gone", "days"], "sums": ["gone"]})
    page = full.manager.get(f"/forms/leave?saved={view.get_json()['id']}").text
    assert len(rows(page)) == 4
    assert re.findall(r'data-key="(\w+)"', page) == ["days"]


def test_the_bin_and_the_import_are_for_those_who_may(full: Office) -> None:
    assert full.manager.get("/forms/leave/bin").status_code == 200
    assert full.manager.get("/forms/nowhere/bin").status_code == 404
    assert full.manager.get("/forms/leave/import").status_code == 403
    assert "/forms/leave/import" not in full.manager.get("/forms/leave").text
