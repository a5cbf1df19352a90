"""The codes that staff print: nobody makes, sees or ends one for what is not theirs to give out."""

import pytest

from tests.security.town import Town

NOTHING = 987_654_321
STRANGERS = ("finance1", "stranger")
"""They may not give out links of tickets; the stranger may not even see a unit."""


def links(town: Town) -> list[str]:
    """What the links that work are for, in all workspaces."""
    found = town.stored("guest_link")
    return sorted(str(each["subject"]) for each in found if "form:" in each["subject"] and each["revoked_at"] is None)


def act(town: Town, who: str, record: int, form: str, what: str) -> int:
    return town.browser(who).submit(f"/records/{record}/public-links/{form}", act=what).status_code


@pytest.fixture(scope="module")
def code(town: Town) -> str:
    """The link of the unit's label, as the agent made it."""
    unit = town.home.ids["unit"]
    assert act(town, "agent", unit, "ticket", "make") == 303
    subject = f"form:ticket:unit:{unit}"
    assert subject in links(town), "else the rest would prove nothing"
    return subject


def test_labels_of_ones_own_records_alone(town: Town, code: str) -> None:
    agent, unit = town.browser("agent"), town.home.ids["unit"]
    foreign = [town.abroad.ids["unit"], town.home.ids["customer"], town.home.ids["bill12"], NOTHING]
    asked = ",".join(map(str, [*foreign, unit, "x", "-1", "9" * 30]))
    with town.unchanged():
        assert agent.submit("/forms/unit/labels", ids=asked).status_code == 303
    sheet = agent.get(f"/forms/unit/labels?ids={asked}")
    assert sheet.status_code == 200
    assert sheet.text.count("<svg") - agent.get("/forms/unit/labels?ids=").text.count("<svg") == 1
    assert code in links(town)


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_not_give_them_out_finds_no_labels(town: Town, code: str, who: str) -> None:
    browser, unit = town.browser(who), town.home.ids["unit"]
    with town.unchanged():
        for path in (f"/forms/unit/labels?ids={unit}", "/forms/ticket/public-link"):
            assert browser.get(path).status_code == 404, path
        assert browser.submit("/forms/unit/labels", ids=str(unit)).status_code == 404
        assert browser.submit("/forms/ticket/public-link", act="make").status_code == 404
        for what in ("make", "renew", "revoke", "nonsense"):
            assert act(town, who, unit, "ticket", what) == 404, what
        assert "data-public-link" not in browser.get(f"/records/{unit}").text
    assert code in links(town)


def test_no_link_about_what_is_not_there_or_not_of_its_kind(town: Town, code: str) -> None:
    unit = town.home.ids["unit"]
    with town.unchanged():
        for record, form in (
            (town.abroad.ids["unit"], "ticket"),
            (NOTHING, "ticket"),
            (town.home.ids["customer"], "ticket"),
            (town.home.ids["admins_bill"], "ticket"),
            (unit, "payment"),
            (unit, "unit"),
            (unit, "nothing"),
        ):
            for what in ("make", "renew", "revoke"):
                assert act(town, "agent", record, form, what) == 404, (record, form, what)
        for form in ("customer", "payment", "nothing"):
            assert town.browser("agent").submit(f"/forms/{form}/labels", ids=str(unit)).status_code == 404, form
            assert town.browser("agent").get(f"/forms/{form}/labels?ids={unit}").status_code == 404, form
        for what in ("", "nonsense"):
            assert act(town, "agent", unit, "ticket", what) == 403, what
    assert code in links(town)


def test_nobody_without_an_account(town: Town, code: str) -> None:
    browser, unit = town.browser("anonymous"), town.home.ids["unit"]
    with town.unchanged():
        for path in (f"/forms/unit/labels?ids={unit}", "/forms/ticket/public-link"):
            assert "/login" in browser.get(path).headers.get("Location", ""), path
        for path in ("/forms/unit/labels", f"/records/{unit}/public-links/ticket", "/forms/ticket/public-link"):
            answer = browser.submit(path, act="revoke", ids=str(unit))
            assert answer.status_code in (302, 303, 401), path
    assert code in links(town)


def test_no_link_is_made_without_the_token_of_a_page(town: Town, code: str) -> None:
    agent = town.browser("agent")
    with town.unchanged():
        path = f"/records/{town.home.ids['unit']}/public-links/ticket"
        answer = agent.client.post(path, base_url="https://formloom.test", data={"act": "revoke"})
        assert answer.status_code in (400, 403)
    assert code in links(town)
