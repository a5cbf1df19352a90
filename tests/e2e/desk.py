"""A visitor of the product: one person in one browser on one device."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Device:
    """What somebody holds in the hand or sits at; width and height in CSS pixels."""

    name: str
    width: int
    height: int
    touch: bool


@dataclass(frozen=True)
class Visitor:
    """Does what a person does: reads, types, presses."""

    page: Page
    device: Device

    def log_in(self, login: str, password: str) -> None:
        """By the form, as everybody."""
        self.page.goto("/login")
        self.page.locator("input[name=login]").first.fill(login)
        self.page.locator("input[name=password]").first.fill(password)
        self.page.locator("input[name=password]").first.press("Enter")
        expect(self.page).not_to_have_url(re.compile("/login"))

    def guest_links(self) -> list[str]:
        """What the demo sent to guests, the latest first; for somebody logged in."""
        found: list[str] = []
        self.page.goto("/dev/outbox")
        while True:
            found += [str(link.get_attribute("href")) for link in self.page.locator("a[href*='/g/']").all()]
            older = self.page.locator(".pager a")
            if not older.count():
                return list(dict.fromkeys(found))
            older.click()

    def speak(self, language: str) -> None:
        """Switch the language in the account's menu."""
        self.page.locator("details.menu:has([name=lang]) summary").first.click()
        self.page.locator(f"button[name=lang][value={language}]").first.click()
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def field(self, label: str) -> Locator:
        """The control with this label."""
        control = self.page.locator("input, select, textarea")
        return self.page.get_by_label(re.compile(f"^{re.escape(label)}")).and_(control)

    def open_record(self, form: str, name: str) -> None:
        """By the list and its search, as somebody who knows the number."""
        self.page.goto(f"/forms/{form}?q={name}")
        row = self.page.get_by_role("link", name=name, exact=True).first
        self.page.goto(str(row.get_attribute("href")))  # a click at a desk opens the panel beside the list
        expect(self.page.locator("h1")).to_contain_text(name)

    def fact(self, label: str) -> str:
        """What the open record shows beside a label."""
        term = self.page.locator("dt", has_text=re.compile(f"^{re.escape(label)}$")).first
        return term.locator("xpath=following-sibling::dd[1]").inner_text().strip()

    def attach(self, picture: Path) -> None:
        """Add a photo and wait until it has arrived."""
        self.page.locator("input[type=file]").last.set_input_files(picture)
        expect(self.page.locator(".shot img")).to_be_visible()
        expect(self.page.locator(".shot progress")).to_have_count(0)

    def press(self, name: str) -> None:
        """A button by its words (the first line of a two-line one)."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()

    def decide(self, decision: str, *, reason: str = "", comment: str = "") -> None:
        """Press approve, reject, resubmit …; say why where it asks; done when the page has moved on."""
        self.page.locator(f"[data-decision={decision}]").click()
        if reason:
            self.page.locator("select[name=reason]").select_option(label=reason)
        if comment:
            self.page.locator("textarea[name=comment]").fill(comment)
        if reason or comment:
            self.confirm()

    def confirm(self) -> None:
        """The second press of a decision that asks first."""
        self.page.locator(".decision-detail .btn-two").click()

    def ask(self, act: str, name: str, comment: str = "") -> None:
        """Ask somebody else: choose what it means, then the person, then send it."""
        self.page.locator("[data-more]").click()
        self.page.locator(f"[data-act={act}]").click()
        self.pick(self.page.locator("#seating-people"), name)
        self.page.locator("textarea[name=comment]").fill(comment)
        self.page.locator("[data-seat]").click()

    def pick(self, control: Locator, words: str) -> None:
        """Type into a search-as-you-type box and take the first hit."""
        control.fill(words)
        self.page.get_by_role("option").filter(has_text=words).first.click()

    def open_task(self, title: str) -> None:
        """From the inbox's list."""
        self.page.goto("/inbox")
        item = self.page.locator(".list-item", has_text=title)
        more = self.page.locator("a[data-more='#inbox-items']")
        while not item.count() and more.count():  # a busy person's list has several pages
            self.page.goto(str(more.get_attribute("href")))
        expect(item.first).to_be_attached()
        self.page.goto(str(item.first.get_attribute("href")))  # a later page on a phone shows its first task
        expect(self.page.locator(".task-title")).to_contain_text(title)
