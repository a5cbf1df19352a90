"""Forms to begin with: small, general, complete enough to be published as they are."""

import json
from functools import cache
from pathlib import Path
from typing import Any

ORDER = ("leave", "expenses", "visitors", "inspection", "survey")


@cache
def _read() -> tuple[str, ...]:
    here = Path(__file__).parent
    return tuple((here / f"{name}.json").read_text("utf-8") for name in ORDER)


def form_templates() -> list[dict[str, Any]]:
    """Their definitions, each call's its own."""
    return [json.loads(text) for text in _read()]
