"""Islands: the places of a page that a Svelte component brings to life, with their props as inert JSON."""

from typing import Any

from flask import json
from markupsafe import Markup

_MARKUP = Markup(
    '<div data-island="{name}" class="{classes}"><script type="application/json">{props}</script>{fallback}</div>'
)


def island(name: str, props: Any, *, classes: str = "", fallback: str = "") -> Markup:
    """The element of an island; ``fallback`` is shown until (or unless) the script runs."""
    return _MARKUP.format(name=name, classes=classes, props=inert_json(props), fallback=fallback)


def inert_json(value: Any) -> Markup:
    """JSON that cannot end its ``<script>`` element: ``<``, ``>`` and ``&`` are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(  # noqa: S704 - the three characters that could leave the element are escaped
        text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    )
