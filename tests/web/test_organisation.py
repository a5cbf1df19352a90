"""Pages of administration: accounts, roles, departments, rights, tokens, settings, the log. Only administrators."""

import re

import pytest
from formloom import messages
from formloom.db.uow import unit_of_work
from formloom.messages import shown_body
from formloom.models import LoginSession, Person
from sqlalchemy import select

from tests.web.conftest import PASSWORD, Browser, Office
from web.composition import Services

PAGES = (
    "/admin/people",
    "/admin/people/new",
    "/admin/roles",
    "/admin/departments",
    "/admin/access",
    "/admin/audit",
    "/admin/tokens",
    "/admin/settings",
    "/admin/calendars",
)


@pytest.mark.parametrize("page", PAGES)
def test_these_pages_are_there_for_administrators_alone(office: Office, page: str) -> None:
    assert office.admin.get(page).status_code == 200
    assert office.employee.get(page).status_code == 404


def test_an_account_is_opened_and_its_owner_chooses_the_password(
    office: Office, services: Services, workspace: int, anonymous: Browser
) -> None:
    made = office.admin.submit("/admin/people", name="Nora", login="Nora@example.test", roles="manager", locale="en")
    assert made.status_code == 303, made.text
    with unit_of_work(services.databases, workspace) as session:
        mail = messages.listing(session, messages.Wanted(channel="mail"))[0]
        assert mail.recipient == "nora@example.test"
        link = re.search(r"https?://\S+/reset/(\S+)", shown_body(session, services.settings, mail))
        assert link
    anonymous.read_token(f"/reset/{link[1]}")
    assert anonymous.submit(f"/reset/{link[1]}", password=PASSWORD, repeat=PASSWORD).status_code in (200, 303)
    anonymous.read_token("/login")
    assert anonymous.submit("/login", login="nora@example.test", password=PASSWORD).status_code == 303
    shown = office.admin.get("/admin/people?role=manager&q=nora").text
    assert "nora@example.test" in shown
    assert "Mara" not in shown
    again = office.admin.submit("/admin/people", name="Nora", login="nora@EXAMPLE.test")
    assert again.status_code == 422
    assert "Nora@" not in again.text


def test_without_a_mail_address_the_link_is_shown_once(office: Office, services: Services, workspace: int) -> None:
    made = office.admin.submit("/admin/people", name="Paul", login="13800000001")
    link = re.search(r"https?://[^\s\"]+/reset/[^\s\"]+", made.text)
    assert link
    with unit_of_work(services.databases, workspace) as session:
        paul = session.scalars(select(Person).where(Person.login == "13800000001")).one()
        assert list(messages.listing(session, messages.Wanted(channel="mail"))) == []
    assert "/reset/" not in office.admin.get(f"/admin/people/{paul.id}").text
    new = office.admin.submit(f"/admin/people/{paul.id}/invite")
    assert re.search(r"/reset/[^\s\"]+", new.text)
    old = link[0].split("/", 3)[3]
    answer = office.admin.submit(f"/{old}", password=PASSWORD, repeat=PASSWORD)
    assert answer.status_code == 422, "a new link ends the one before"


def test_roles_are_given_and_taken_but_an_administrator_stays(office: Office) -> None:
    emil, ada = office.people["employee"].id, office.people["admin"].id
    assert office.employee.get("/admin").status_code == 404
    changed = office.admin.submit(f"/admin/people/{emil}", name="Emil B.", roles="admin")
    assert changed.status_code == 303
    assert office.employee.get("/admin").status_code == 200, "at once, in the session that is open"
    assert "Emil B." in office.admin.get("/admin/people").text
    assert office.employee.submit(f"/admin/people/{ada}", name="Ada").status_code == 303
    assert office.admin.get("/admin").status_code == 404
    last = office.employee.submit(f"/admin/people/{emil}", name="Emil")
    assert last.status_code == 422
    assert office.employee.get("/admin").status_code == 200


def test_somebody_is_logged_out_everywhere(office: Office, services: Services, workspace: int) -> None:
    emil = office.people["employee"].id
    assert office.admin.submit(f"/admin/people/{emil}/log_out").status_code == 303
    with unit_of_work(services.databases, workspace) as session:
        assert session.scalars(select(LoginSession).where(LoginSession.person_id == emil)).all() == []
    assert office.employee.get("/inbox").status_code in (302, 303)


def test_a_role_goes_only_when_nothing_hangs_on_it(office: Office) -> None:
    titles = {"title_zh-CN": "审计", "title_en": "Auditor"}
    assert office.admin.submit("/admin/roles", key="auditor", **titles).status_code == 303
    assert office.admin.submit("/admin/roles", key="auditor", **titles).status_code == 422
    assert office.admin.submit("/admin/roles", key="No Key", **titles).status_code == 422
    renamed = {"title_zh-CN": "稽核", "title_en": "Checker"}
    assert office.admin.submit("/admin/roles/auditor/rename", **renamed).status_code == 303
    assert "稽核" in office.admin.get("/admin/roles").text
    emil = office.people["employee"].id
    assert office.admin.submit(f"/admin/people/{emil}", name="Emil", roles="auditor").status_code == 303
    assert office.admin.submit("/admin/roles/auditor/remove").status_code == 422, "Emil holds it"
    assert office.admin.submit(f"/admin/people/{emil}", name="Emil", roles="employee").status_code == 303
    assert office.admin.submit("/admin/roles/auditor/remove").status_code == 303
    assert office.admin.submit("/admin/roles/manager/remove").status_code == 422, "a flow asks it"
    assert office.admin.submit("/admin/roles/admin/remove").status_code == 422
    assert office.admin.submit("/admin/roles/nothing/remove").status_code == 404


def test_departments_make_a_tree_without_rings(office: Office) -> None:
    def made(key: str, parent: str = "") -> str:
        answer = office.admin.submit("/admin/departments", key=key, parent=parent, title_en=key.title())
        assert answer.status_code == 303, answer.text
        page = office.admin.get("/admin/departments").text
        return str(max(map(int, re.findall(r"/admin/departments/(\d+)/change", page))))

    firm = made("firm")
    sales = made("sales", firm)
    shop = made("shop", sales)
    ring = office.admin.submit(f"/admin/departments/{firm}/change", title_en="Firm", parent=shop)
    assert ring.status_code == 422
    mara = str(office.people["manager"].id)
    headed = office.admin.submit(f"/admin/departments/{sales}/change", title_en="Sales", parent=firm, manager=mara)
    assert headed.status_code == 303
    assert "Mara" in office.admin.get("/admin/departments").text
    emil = office.people["employee"].id
    assert (
        office.admin.submit(f"/admin/people/{emil}", name="Emil", roles="employee", department=shop).status_code == 303
    )
    assert "Emil" in office.admin.get(f"/admin/people?department={shop}").text
    assert office.admin.submit(f"/admin/departments/{shop}/remove").status_code == 422, "Emil is in it"
    assert office.admin.submit(f"/admin/departments/{sales}/remove").status_code == 422, "the shop is below it"
    assert office.admin.submit(f"/admin/people/{emil}", name="Emil", roles="employee").status_code == 303
    assert office.admin.submit(f"/admin/departments/{shop}/remove").status_code == 303


def test_why_somebody_sees_a_record(office: Office) -> None:
    record, emil = office.ask(), office.people["employee"].id
    matrix = office.admin.get("/admin/access?form=leave").text
    assert "employee" in matrix.lower()
    why = office.admin.get(f"/admin/access?form=leave&person={emil}&record={record}").text
    assert f"/records/{record}" in why
    assert "data-counts" in why
    assert office.admin.get("/admin/access?form=nothing").status_code == 404
    assert office.admin.get(f"/admin/access?form=leave&person={emil}&record=987654321").status_code == 404


def test_a_token_opens_its_scopes_until_it_is_revoked(office: Office, anonymous: Browser) -> None:
    emil = str(office.people["employee"].id)
    made = office.admin.submit("/admin/tokens", name="Export", person=emil, days="30", scopes="records:read")
    text = re.search(r"flm_[\w-]+", made.text)
    assert text, made.text
    bearer = {"Authorization": f"Bearer {text[0]}"}
    assert anonymous.get("/api/v1/me", headers=bearer).get_json()["id"] == int(emil)
    assert anonymous.get("/api/v1/tasks", headers=bearer).status_code == 403
    page = office.admin.get("/admin/tokens").text
    assert text[0] not in page
    token = re.search(r"/admin/tokens/(\d+)/revoke", page)
    assert token
    assert office.admin.submit(f"/admin/tokens/{token[1]}/revoke").status_code == 303
    assert anonymous.get("/api/v1/me", headers=bearer).status_code == 401
    assert office.admin.submit(f"/admin/tokens/{token[1]}/revoke").status_code == 404
    bad = office.admin.submit("/admin/tokens", name="", person=emil, days="0", scopes="everything")
    assert bad.status_code == 422


def test_settings_are_kept_and_wrong_ones_refused(office: Office) -> None:
    kept = office.admin.submit("/admin/settings", name="Firm & Co", time_zone="Europe/Berlin", locale="en")
    assert kept.status_code == 303
    assert office.admin.get("/api/v1/me").get_json()["time_zone"] == "Europe/Berlin"
    wrong = office.admin.submit("/admin/settings", name="", time_zone="Moon/Base", locale="xx")
    assert wrong.status_code == 422
    assert 'value="Firm &amp; Co"' in office.admin.get("/admin/settings").text


def test_the_log_tells_and_its_seals_are_checked(office: Office) -> None:
    emil, ada = office.people["employee"].id, office.people["admin"].id
    office.admin.submit(f"/admin/people/{emil}", name="Emil", roles="manager")
    page = office.admin.get(f"/admin/audit?action=person.&actor=person:{ada}").text
    assert f"/admin/people/{emil}" in page
    assert "came: manager" in page
    assert f"/admin/people/{emil}" not in office.admin.get(f"/admin/audit?actor=person:{emil}&action=person.").text
    assert f"/admin/people/{emil}" not in office.admin.get("/admin/audit?action=person.&to=2001-01-01").text
    assert office.admin.submit("/admin/audit/verify").status_code == 303


def test_a_calendar_is_added_changed_and_asked(office: Office) -> None:
    assert office.admin.submit("/admin/calendars", key="depot", title_en="Depot").status_code == 303
    assert office.admin.submit("/admin/calendars", key="depot", title_en="Depot").status_code == 422
    week = {"title_en": "Depot", "hours_mon": "9:00–12:00，13:00-18:00", "hours_sat": "10:00-14:00", "holidays": "CN"}
    assert office.admin.submit("/admin/calendars/depot/week", **week).status_code == 303
    body = office.admin.get("/api/v1/definitions/calendars/depot/draft").get_json()["definition"]
    assert body["hours"] == {"mon": ["09:00-12:00", "13:00-18:00"], "sat": ["10:00-14:00"]}
    own = {"from": "2026-03-09", "day": "off", "name_en": "Stocktaking"}
    assert office.admin.submit("/admin/calendars/depot/day", **own).status_code == 303
    days = office.admin.get("/api/v1/calendars/depot/days?year=2026").get_json()["days"]
    assert {"day": "2026-03-09", "works": False, "own": True, "name": "Stocktaking", "hours": []} in days
    assert office.admin.submit("/admin/calendars/depot/day", **{**own, "from": "soon"}).status_code == 422
    assert office.admin.submit("/admin/calendars/depot/forget", **{"from": "2026-03-09"}).status_code == 303
    assert "Stocktaking" not in office.admin.get("/admin/calendars/depot?year=2026").text
    nothing = {"title_en": "Depot", "hours_mon": "late"}
    assert office.admin.submit("/admin/calendars/depot/week", **nothing).status_code == 422
    assert office.admin.get("/admin/calendars/nowhere").status_code == 404
