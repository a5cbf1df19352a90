"""The acts of a repair, as the people do them in the browser."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, expect

from apps.slips import Slip, draw_slip
from tests.e2e.desk import Device, Visitor
from tests.e2e.words import PRESET, Words

CHINESE = Words("zh-CN")
JOBS, DESK = "/forms/ticket?view=my_jobs", "/forms/ticket?view=dispatch_desk"
PEOPLE = json.loads((PRESET / "sample" / "people.json").read_text("utf-8"))["people"]
LOGINS = {each["name"]: each["login"].partition("@")[0] for each in PEOPLE}
AT_THE_DOOR = {"latitude": 31.369214, "longitude": 120.475936, "accuracy": 12.0}
"""What a phone says at the site SZ02, whose own place is written as Chinese maps have it."""
ROUND_THE_CORNER = {**AT_THE_DOOR, "latitude": 31.374}


@dataclass
class Repair:
    """One ticket on its way, known by its words, and the browsers of those who handle it."""

    visit: Callable[..., Visitor]
    device: Device
    photos: Path
    what: str
    words: Words = CHINESE

    def somebody(self, person: str | None, at: dict[str, float] | None = None) -> Visitor:
        """A browser of this person; with `at` one that may tell where it is."""
        visitor = self.visit(person, self.device, self.words.language)
        if at is not None:
            visitor.page.context.grant_permissions(["geolocation"])
            self.move(visitor, at)
        return visitor

    def move(self, visitor: Visitor, at: dict[str, float]) -> None:
        """Carry the device somewhere else."""
        visitor.page.context.set_geolocation(at)  # type: ignore[arg-type]

    def label(self, key: str) -> str:
        """What a field of the ticket is called."""
        return self.words.label(f"ticket.{key}")

    def photo(self, visitor: Visitor, key: str) -> None:
        """Take one for this field, and wait until it has arrived."""
        picture = self.photos / f"{key}.jpg"
        picture.write_bytes(draw_slip(Slip(key, "0", "2025-12-24", self.what)))
        named = visitor.page.locator(".field-label", has_text=self.label(key))
        field = visitor.page.locator(".field").filter(has=named)
        field.locator("input[type=file]").last.set_input_files(picture)
        expect(field.locator(".shot img")).to_be_visible()
        expect(field.locator(".shot progress")).to_have_count(0)

    def report(self, agent: Visitor) -> str:
        """The agent reports it for a customer; the address of the ticket."""
        page = agent.page
        page.goto("/forms/ticket/new")
        agent.pick(page.get_by_role("combobox", name=self.label("site")), "示例仓·苏州2号店")
        agent.pick(page.get_by_role("combobox", name=re.compile(f"^{self.label('equipment')}")), "SZ02-AC-03")
        agent.field(self.label("category")).select_option(label=self.words.option("ticket.category", "ac"))
        agent.field(self.label("description")).fill(self.what)
        self.photo(agent, "photos")
        agent.field(self.label("contact")).fill("孔思")
        agent.field(self.label("contact_phone")).fill("199-0000-2494")
        agent.press(self.words.submit("ticket"))
        expect(page).to_have_url(re.compile(r"/records/\d+"))
        return page.url

    def card(self, visitor: Visitor) -> Locator:
        """The ticket's card on a page of work."""
        return visitor.page.locator(".work-card", has_text=self.what)

    def begin(self, visitor: Visitor) -> None:
        """From its card to what is asked there."""
        self.card(visitor).locator(".btn-primary").click()
        expect(visitor.page.locator(".task-title")).to_contain_text(self.what)

    def stands(self, visitor: Visitor, status: str) -> None:
        """Back on the page of work, the card says how it stands."""
        expect(visitor.page).to_have_url(re.compile("view=my_jobs"))
        expect(self.card(visitor)).to_contain_text(self.words.option("ticket.status", status))

    def dispatched(self) -> Visitor:
        """Reported, accepted at the dispatcher's desk, offered to the best, taken: the technician's browser.

        Three people act, and nobody chooses the technician.
        """
        self.agent = self.somebody("agent")
        self.ticket = self.report(self.agent)
        dispatcher = self.somebody("dispatcher")
        dispatcher.page.goto(DESK)
        self.begin(dispatcher)
        dispatcher.decide("approve")
        expect(dispatcher.page).to_have_url(re.compile("view=dispatch_desk"))
        asked = self.card(dispatcher).locator(".work-ask")
        expect(asked).to_contain_text("派工")
        name = re.search(r"派工 · (\S+)", asked.inner_text())
        assert name is not None
        technician = self.somebody(LOGINS[name[1]], at=AT_THE_DOOR)
        technician.page.get_by_role("link", name="我的维修任务").first.click()
        self.begin(technician)
        technician.decide("accept")
        self.stands(technician, "dispatched")
        return technician
