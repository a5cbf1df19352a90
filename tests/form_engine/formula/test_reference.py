"""The written reference names every function that people can call, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from form_engine.formula.functions import CALLABLE

PAGE = Path(__file__).parents[3] / "docs" / "formula-language.md"


def test_the_reference_lists_the_functions() -> None:
    section = PAGE.read_text("utf-8").partition("**Functions**")[2].partition("**Bounds**")[0]
    lists = re.findall(r"^- [^:]+: `([A-Z0-9 ]+)`", section, re.MULTILINE)
    assert {name for listed in lists for name in listed.split()} == CALLABLE
