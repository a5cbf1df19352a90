"""Markup in labels, values, options, names, comments and file names is text on every page, and stays in its place."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from form_engine.records.actor import SYSTEM
from tests.security.town import Town, fresh_key, picture, upload, visitor
from tests.web.conftest import Browser

MARK = "xss1337"
NASTY = [
    f"<script>{MARK}()</script>",
    f"</script><script>{MARK}()</script>",
    f"</textarea></title></style><img src=x onerror={MARK}()>",
    f'" onmouseover="{MARK}()" x="',
    f"' autofocus onfocus='{MARK}()",
    f"<!--<script>{MARK}()",
    f"javascript:{MARK}()",
    f"{{{{ {MARK} }}}}{{% raise %}}",
    f"\u2028\u2029<svg onload={MARK}()>",
    f"]]><iframe srcdoc='<script>{MARK}()</script>'>",
]


class Reader(HTMLParser):
    """Reads a page as a browser does, and notes what would run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self._script: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script":
            self._script = found.get("type") or "text/javascript"
        if tag in ("iframe", "object", "embed", "base", "link") and MARK in str(attrs):
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("srcdoc", "style"):
                self.bad.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction") and re.match(
                r"\s*(javascript|data|vbscript):", value or ""
            ):
                self.bad.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None and MARK in data:
            if self._script == "application/json":
                json.loads(data)  # an island's properties: whole, and inert
            else:
                self.bad.append(f"script: {data[:80]}")


def runs(page: str) -> list[str]:
    """What of a page a browser would run, or follow, that is not ours."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.bad


def test_the_reader_would_notice() -> None:
    for nasty in (
        f"<script>{MARK}()</script>",
        f"<img src=x onerror={MARK}()>",
        f'<a href="javascript:{MARK}()">x</a>',
    ):
        assert runs(f"<p>{nasty}</p>"), nasty


def words(number: int) -> dict[str, str]:
    nasty = NASTY[number % len(NASTY)]
    return {"en": nasty, "zh-CN": nasty}


def nasty_form() -> dict[str, Any]:
    """A form all of whose words are hostile."""
    options = [{"key": f"o{n}", "label": words(n)} for n in range(len(NASTY))]
    fields: list[dict[str, Any]] = [
        {"key": "title_text", "type": "text", "label": words(0), "max_length": 400, "help": words(1)},
        {"key": "choice", "type": "choice", "label": words(2), "options": options, "index": True},
        {
            "key": "calculated",
            "type": "formula",
            "label": words(3),
            "value": 'title_text & "<img src=x onerror=xss1337()>"',
        },
        {
            "key": "rows",
            "type": "table",
            "label": words(4),
            "fields": [{"key": "t", "type": "text", "label": words(5)}],
        },
        {
            "key": "ruled",
            "type": "text",
            "label": words(6),
            "rules": [{"assert": 'ruled <> "no"', "message": words(0)}],
        },
        {"key": "photo", "type": "photo", "label": words(7)},
        {"key": "file", "type": "file", "label": words(7)},
        {"key": "who", "type": "member", "label": words(8)},
    ]
    return {
        "kind": "form",
        "key": "nasty",
        "title": words(1),
        "access": [{"role": "admin", "may": ["create", "read", "update"]}],
        "fields": fields,
        "layout": [{"section": words(2), "note": words(3), "items": [each["key"] for each in fields]}],
        "list": ["title_text", "choice", "calculated"],
        "display": "title_text",
        "submit_label": words(9),
    }


@pytest.fixture(scope="module")
def records(town: Town) -> list[int]:
    """A record for each hostile text."""
    admin = town.browser("admin")
    with town.session() as session:
        town.services.forms.publish_together(session, {"nasty": nasty_form()}, SYSTEM)
    made = []
    for number, nasty in enumerate(NASTY):
        photo = upload(admin, picture(), f"{nasty}.png").get_json()
        values: dict[str, Any] = {
            "title_text": nasty,
            "choice": f"o{number}",
            "rows": [{"t": nasty.replace("\u2028\u2029", "")}],
        }
        values |= {"photo": [photo["id"]], "who": town.home.people["admin"]} if photo and "id" in photo else {}
        answer = admin.send("POST", "/api/v1/forms/nasty/records", {"values": values}, key=fresh_key())
        if answer.status_code == 422:  # a line separator is no plain text: refused is as good
            continue
        made.append(int(answer.get_json()["id"]))
        assert admin.send("PATCH", f"/api/v1/records/{made[-1]}", {"changes": {"ruled": nasty[:40]}}).status_code == 200
    assert len(made) >= len(NASTY) - 1
    return made


@pytest.mark.parametrize("path", ["/forms/nasty", "/forms/nasty/new", "/admin/forms/nasty", "/admin", "/", "/menu"])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_words_of_definitions_are_text(town: Town, records: list[int], path: str, locale: str) -> None:
    admin = town.browser("admin")
    admin.client.set_cookie("lang", locale, domain="formloom.test")
    page = admin.get(path)
    admin.client.delete_cookie("lang", domain="formloom.test")
    assert page.status_code == 200
    assert runs(page.text) == []


@pytest.mark.parametrize("path", ["/records/{}", "/records/{}/edit", "/records/{}?part=body"])
def test_values_are_text(town: Town, records: list[int], path: str) -> None:
    for record in records:
        page = town.browser("admin").get(path.format(record))
        assert page.status_code == 200
        assert MARK in page.text
        assert runs(page.text) == []


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_what_stands_in_an_address_is_text(town: Town, nasty: str) -> None:
    browsers = (town.browser("admin"), visitor(town.app))
    for browser in browsers:
        for path, query in (
            ("/forms/payment", {"q": nasty}),
            ("/forms/payment", {"sort": nasty}),
            ("/forms/payment", {"f.payer": nasty}),
            ("/forms/payment", {"view": nasty}),
            ("/inbox", {"tab": nasty}),
            ("/login", {"next": nasty}),
            ("/forms/" + nasty.replace("/", ""), {}),
            ("/g/" + nasty.replace("/", ""), {}),
        ):
            page = browser.get(path, query_string=query)
            if page.mimetype == "text/html":
                assert runs(page.text) == [], path


def test_a_failed_log_in_shows_what_was_typed_as_text(town: Town) -> None:
    town.services.access.throttle = type(town.services.access.throttle)()
    for nasty in NASTY:
        page = visitor(town.app).submit("/login", login=nasty, password=nasty)
        assert runs(page.text) == []


def test_names_comments_and_files_are_text_on_the_way_of_a_payment(town: Town) -> None:
    """From the customer's page to the supervisor's inbox, with a hostile payer, comment and file name."""
    office, nasty = town.home.office, NASTY[2] + NASTY[3]
    payment = office.pay("bill_big", "10.00", payer=nasty[:100], note=nasty)
    token = town.guest_token(payment)
    guest = visitor(town.app)
    page = guest.get(f"/g/{token}")
    assert MARK in page.text
    assert runs(page.text) == []
    sent = guest.send("POST", f"/g/{token}/decide", {"decision": "reject", "comment": nasty}, key=fresh_key())
    assert sent.status_code == 200, sent.text
    office.decide(payment, "agent", "resubmit", comment=nasty)
    office.decide(payment, "customer", "approve", comment=nasty)
    finance = town.browser("finance1")
    task = town.task_of(payment, "finance1")
    for path in (
        f"/inbox?tab=todo&task={task}",
        "/inbox/list?tab=todo",
        f"/records/{payment}",
        "/forms/payment",
        "/notifications",
    ):
        seen = finance.get(path)
        assert seen.status_code == 200
        assert runs(seen.text) == [], path
    answer = finance.get(f"/api/v1/records/{payment}/timeline")
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/", "/login", "/forms/payment", "/g/x", "/nothing", "/api/v1/me", "/static/nothing.js"]
)
def test_no_page_may_run_scripts_of_its_own(town: Town, path: str) -> None:
    policy = town.browser("admin").get(path).headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["script-src"] == "'self'"
    assert "unsafe" not in policy
    assert parts["base-uri"] == "'none'"
    assert parts["form-action"] == "'self'"
    assert parts["frame-ancestors"] == "'none'"


def test_an_answer_for_programs_is_never_a_page(town: Town) -> None:
    agent: Browser = town.browser("agent")
    body = {"values": {NASTY[0]: NASTY[0]}}
    answer = agent.send("POST", "/api/v1/forms/probe/records", body, key=fresh_key(), Accept="text/html")
    assert answer.mimetype in ("application/problem+json", "text/html")
    assert answer.mimetype != "text/html" or runs(answer.text) == []
