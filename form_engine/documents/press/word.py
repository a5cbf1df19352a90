"""Word templates: the near side of `template`."""

import json
from collections.abc import Mapping
from typing import Any, Final

from form_engine.documents.press.outside import Limits, pressed

LIMITS: Final = Limits(memory=256_000_000, seconds=5)
CODES: Final = ("template_not_allowed", "template_wrong", "template_with_program", "template_leads_out")


def word_of(template: bytes, context: Mapping[str, Any], limits: Limits = LIMITS) -> bytes:
    """The .docx with its placeholders filled in. Raises as `pressed` does."""
    return pressed("template", {"do": "render", "context": context}, [template], limits)


def names_in(template: bytes) -> frozenset[str]:
    """The names that a template uses. Raises the same for what cannot be one."""
    found: list[str] = json.loads(pressed("template", {"do": "look"}, [template], LIMITS))["names"]
    return frozenset(found)
