"""A visitor of the product: one person in one browser on one device."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect


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
        self.page.locator("input[name=login]").fill(login)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("input[name=password]").press("Enter")
        expect(self.page).not_to_have_url("/login")
