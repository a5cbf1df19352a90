"""What a person does in the form designer: add, name, set, save, publish."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.e2e.desk import Visitor


@dataclass(frozen=True)
class Designing:
    """An admin before a form's draft."""

    visitor: Visitor

    @property
    def page(self) -> Page:
        return self.visitor.page

    def open(self, form: str) -> None:
        """The designer of a form."""
        self.page.goto(f"/admin/forms/{form}")
        expect(self.page.locator(".designer-bar")).to_be_visible()

    def begin(self, start: str, chinese: str, english: str) -> None:
        """A new form from one of the starts, under a name."""
        self.page.goto("/admin/new-form")
        self.page.locator(f"[data-start='{start}']").click()
        self.named(chinese, english)

    def named(self, chinese: str, english: str) -> None:
        """Say what the new form is called, and go to its designer."""
        self.page.locator("input[name=zh]").fill(chinese)
        self.page.locator("input[name=en]").fill(english)
        self.page.locator("form.card button[type=submit]").click()
        expect(self.page.locator(".designer-bar")).to_be_visible()

    def add(self, kind: str, chinese: str, english: str) -> Locator:
        """Press a type in the palette and name what was added; its block on the canvas."""
        self.page.locator(f".designer-palette [data-type='{kind}']").click()
        self.name(chinese, english)
        return self.block(english.lower().replace(" ", "_"))

    def add_column(self, kind: str, chinese: str, english: str, *, table: str) -> None:
        """The same into a table whose “add a column” was pressed."""
        self.page.locator(f".designer-palette [data-type='{kind}']").click()
        self.name(chinese, english)
        expect(self.block(f"{table}.{english.lower()}")).to_be_visible()

    def name(self, chinese: str, english: str) -> None:
        """Both names of what is chosen."""
        names = self.page.locator(".designer-properties [data-first]")
        names.locator("[lang=zh-CN]").fill(chinese)
        names.locator("[lang=en]").fill(english)
        names.locator("[lang=en]").blur()

    def block(self, path: str) -> Locator:
        """A field on the canvas."""
        return self.page.locator(f"[data-block='{path}']")

    def choose(self, path: str) -> None:
        """Press a field on the canvas."""
        self.block(path).locator("> .block-part > .block-cover").click()

    def part(self, name: str) -> None:
        """A part of the properties: 基础, 规则, 显示, 权限."""
        self.page.locator(".designer-properties [role=tab]", has_text=name).click()

    def order(self) -> list[str]:
        """The fields on the canvas, as one reads them."""
        found: list[str] = self.page.locator(".designer-canvas [data-block]").evaluate_all(
            "blocks => blocks.map((block) => block.dataset.block)"
        )
        return found

    def saved(self) -> None:
        """The draft is with the server."""
        expect(self.page.get_by_role("status").filter(has_text="草稿已保存")).to_be_visible()

    def publish(self, *words: str) -> None:
        """By the dialog that says first what will change."""
        self.saved()
        self.page.locator("[data-publish]").click()
        dialog = self.page.get_by_role("dialog")
        for each in words:
            expect(dialog.locator(".changes").first).to_contain_text(each)
        dialog.get_by_role("button", name="发布", exact=True).click()
        expect(self.page.locator("[data-unpublished]")).to_have_count(0)
        expect(dialog).to_be_hidden()
