"""What stands on the pages, in the language of the one who reads them: from the shipped preset and the catalogues."""

import gettext
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from formloom.i18n import FOLDERS, localized

import apps
from web.translations import FOLDER

PRESET = Path(apps.__file__).parent / "leasing_templates"


@cache
def _definition(folder: str, key: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((PRESET / folder / f"{key}.json").read_text("utf-8"))
    return body


@dataclass(frozen=True)
class Words:
    """`label("payment.amount")`, `option("bill.status", "paid")`, `ui("Add a row")`, in one language."""

    language: str

    def title(self, form: str) -> str:
        """A form's name."""
        return localized(_definition("forms", form)["title"], self.language)

    def submit(self, form: str) -> str:
        """The words on a form's button."""
        return localized(_definition("forms", form)["submit_label"], self.language)

    def label(self, path: str) -> str:
        """A field's label."""
        return localized(self._field(path)["label"], self.language)

    def option(self, path: str, key: str) -> str:
        """An option's label."""
        option = next(each for each in self._field(path)["options"] if each["key"] == key)
        return localized(option["label"], self.language)

    def ui(self, text: str) -> str:
        """The product's own words."""
        for domain in ("client", "messages"):
            languages = [FOLDERS.get(self.language, self.language)]
            found = gettext.translation(domain, FOLDER, languages, fallback=True).gettext(text)
            if found != text:
                return found
        return text

    @staticmethod
    def _field(path: str) -> dict[str, Any]:
        form, key = path.split(".")
        found: dict[str, Any] = next(each for each in _definition("forms", form)["fields"] if each["key"] == key)
        return found
