"""How much a request may send. A view that takes a file says so: ``@accepts_upload``."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

DEFAULT = 1_000_000
ENVELOPE = 64_000
"""What a multipart body carries around its file."""

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def accepts_upload(view: ViewT) -> ViewT:
    """The view takes one file, up to the size that the operator allows."""
    view.__accepts_upload__ = True  # type: ignore[attr-defined]
    return view


def limit(app: Flask) -> None:
    """Raise the limit for uploads before anything reads the body; all others keep the small one."""

    @app.before_request
    def set_limit() -> None:
        view: Any = app.view_functions.get(request.endpoint or "")
        method = getattr(getattr(view, "view_class", None), request.method.lower(), view)
        if getattr(method, "__accepts_upload__", False):
            request.max_content_length = current_app.config["MAX_UPLOAD_BYTES"] + ENVELOPE
