"""Whoever comes second is told kindly who decided; whoever guesses a link learns nothing."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg
from playwright.sync_api import expect

from tests.e2e.conftest import DEVICES
from tests.e2e.desk import Visitor
from tests.running import RunningServer

DESK, PHONE = DEVICES["desk"], DEVICES["phone"]


def test_the_second_of_two_reads_who_decided(visit: Callable[..., Visitor]) -> None:
    first, second = visit("finance", DESK), visit("finance2", DESK)
    first.page.goto("/inbox")
    title = first.page.locator(".task-title").inner_text()  # handed back by the supervisor, allocated already
    second.open_task(title)

    first.decide("approve")
    expect(first.page.locator(".list-item[data-task]", has_text=title)).to_have_count(0)
    expect(second.page.locator(".list-item[data-task]", has_text=title)).to_have_count(0)  # the list follows
    expect(second.page.locator(".task-title")).to_have_text(title)  # what one reads does not vanish
    second.decide("approve")
    told = second.page.get_by_role("alert").filter(has_text="没有改动任何内容")
    expect(told).to_contain_text("殷书禾")
    expect(told).to_contain_text("已同意")
    assert "409" not in told.inner_text()

    second.page.get_by_role("link", name="查看进展").click()
    expect(second.page.locator(".notice-idle")).to_be_visible()
    expect(second.page.locator("[data-decision]")).to_have_count(0)
    approvals = second.page.locator(".timeline-item", has_text="殷书禾").filter(has_text="已同意")
    assert approvals.count() == 2, "finance approved once before it came back, and once now"


def test_closed_doors_look_alike_and_a_done_one_says_so(product: RunningServer, visit: Callable[..., Visitor]) -> None:
    staff = visit("admin", DESK)
    guest = visit(None, PHONE)
    living = []
    for link in staff.guest_links():
        guest.page.goto(link)
        if guest.page.locator("[data-decision=approve]").count():
            living.append(link)
    expired, revoked, *_ = reversed(living)
    _close(product, expired, "expires_at = '2020-01-01'")
    _close(product, revoked, "revoked_at = '2020-01-01'")
    guessed = expired[:-4] + ("AAAA" if not expired.endswith("AAAA") else "BBBB")

    seen = {}
    for name, link in {"expired": expired, "revoked": revoked, "guessed": guessed, "nonsense": "/g/guess"}.items():
        answer = guest.page.goto(link)
        assert answer is not None
        assert answer.status == 404
        page = re.sub(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"', "", answer.text())
        seen[name] = page.replace(link.removeprefix(product.url), "<link>")
    assert len(set(seen.values())) == 1
    expect(guest.page.locator("h1")).to_contain_text("链接")


def _close(product: RunningServer, link: str, change: str) -> None:
    """As time, or the person who takes the link back, would do it."""
    token = link.rsplit("/", 1)[-1]
    link_id = UUID(bytes=base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:16])
    folder = Path(product.environment["DATA_DIR"]) / "postgres"
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")]
    database = next(name for name in names if name != "postgres") if len(names) > 1 else "postgres"
    with psycopg.connect(host=str(folder), user="postgres", dbname=database, autocommit=True) as connection:
        done = connection.execute(f"UPDATE guest_link SET {change} WHERE id = %s", (link_id,))
        assert done.rowcount == 1
