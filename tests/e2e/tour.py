"""The product's pages, each with somebody who may open it: what tests of every page and `make shots` walk along."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, Page

from apps.demo import DEMO_PASSWORD
from tests.e2e.desk import Device, Visitor

Where = str | Callable[[Page], str]
Scheme = Literal["light", "dark"]


def _first(path: str, selector: str) -> Callable[[Page], str]:
    def find(page: Page) -> str:
        page.goto(path)
        return str(page.locator(selector).first.get_attribute("href"))

    return find


PAGES: dict[str, tuple[str | None, Where]] = {
    "login": (None, "/login"),
    "forgot": (None, "/forgot"),
    "guest-gone": (None, "/g/nothing-like-this"),
    "home": ("finance", "/"),
    "home-idle": ("admin", "/"),
    "menu": ("finance", "/menu"),
    "bills": ("finance", "/forms/bill"),
    "payments": ("finance", "/forms/payment"),
    "nothing-found": ("finance", "/forms/payment?q=zzzzzz"),
    "record": ("agent", _first("/forms/payment", "a.row-link")),
    "bill": ("agent", _first("/forms/bill", "a.row-link")),
    "new": ("agent", "/forms/payment/new"),
    "task": ("finance", _first("/inbox", "a.list-item")),
    "inbox-done": ("finance", "/inbox?tab=done"),
    "inbox-empty": ("admin", "/inbox?tab=started"),
    "work": ("technician2", "/forms/ticket?view=my_jobs"),
    "work-desk": ("dispatcher", "/forms/ticket?view=dispatch_desk"),
    "work-task": ("technician2", _first("/forms/ticket?view=my_jobs", ".work-card .btn-primary")),
    "admin": ("admin", "/admin"),
    "admin-form": ("admin", "/admin/forms/customer"),
    "new-form": ("admin", "/admin/new-form"),
    "people": ("admin", "/admin/people"),
    "person-new": ("admin", "/admin/people/new"),
    "person": ("admin", _first("/admin/people", "a.row-link")),
    "roles": ("admin", "/admin/roles"),
    "departments": ("admin", "/admin/departments"),
    "access": ("admin", "/admin/access?form=customer&person=2"),
    "calendar": ("admin", "/admin/calendars/office"),
    "settings": ("admin", "/admin/settings"),
    "tokens": ("admin", "/admin/tokens"),
    "audit": ("admin", "/admin/audit"),
    "jobs": ("admin", "/jobs"),
    "outbox": ("admin", "/dev/outbox"),
    "error": ("admin", "/nothing-here"),
    "openapi": ("admin", "/openapi"),
}
GUEST = "guest"
"""The page behind a link that the product has sent; found among the sent messages."""
DRAWN = "() => !document.querySelector('[data-island]:not([data-mounted=drawn])')"
"""Every part of the page that a script draws is there."""
ALL = (*PAGES, GUEST)


@dataclass(frozen=True)
class Tour:
    """Opens pages by name; logs each person in once a device and language."""

    browser: Browser
    url: str
    pages: dict[tuple[str | None, bool, str], Page] = field(default_factory=dict)

    def open(self, name: str, language: str, scheme: Scheme, *, phone: bool) -> Page:
        """The page, loaded and drawn, in this language and theme, at a desk or on a phone."""
        page = self._page(PAGES[name][0] if name != GUEST else None, language, phone)
        page.emulate_media(color_scheme=scheme)
        page.goto(self._address(name, page, language, scheme, phone))
        page.wait_for_load_state()
        page.wait_for_function(DRAWN)
        return page

    def close(self) -> None:
        """Close every browser window that was opened."""
        for page in self.pages.values():
            page.context.close()

    def _address(self, name: str, page: Page, language: str, scheme: Scheme, phone: bool) -> str:
        if name == GUEST:
            reader = self.open("outbox", language, scheme, phone=phone)
            return Visitor(reader, Device("", 0, 0, touch=phone)).guest_links()[0]
        where = PAGES[name][1]
        return where(page) if callable(where) else where

    def _page(self, person: str | None, language: str, phone: bool) -> Page:
        key = (person, phone, language)
        if key not in self.pages:
            context = self.browser.new_context(
                viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
                has_touch=phone,
                is_mobile=phone,
                locale=language,
                base_url=self.url,
                bypass_csp=True,
                reduced_motion="reduce",
            )
            context.add_cookies([{"name": "lang", "value": language, "url": self.url}])
            self.pages[key] = context.new_page()
            if person is not None:
                visitor = Visitor(self.pages[key], Device("", 0, 0, touch=phone))
                visitor.log_in(f"{person}@example.com", DEMO_PASSWORD)
        return self.pages[key]
