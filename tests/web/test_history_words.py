"""What the history of a record says happened, in both languages."""

from typing import Any

import flask_babel  # type: ignore[import-untyped]
import pytest

from web.desk.history import THROUGH, what_happened


@pytest.mark.parametrize(
    ("action", "via", "english", "chinese"),
    [
        ("converted", "publish:3", "Brought to version 3 of the form", "已转到表单的第 3 版"),
        ("converted", "version:3", "Brought to version 3 of the form", "已转到表单的第 3 版"),
        ("updated", "version:3", "Went back to version 3", "恢复到第 3 版"),
        ("updated", None, "Changed", "修改"),
    ],
)
def test_history_says_what_happened(app: Any, action: str, via: str | None, english: str, chinese: str) -> None:
    for locale, words in (("en", english), ("zh_Hans_CN", chinese)):
        with app.test_request_context(), flask_babel.force_locale(locale):
            assert what_happened(action, via) == words


def test_every_way_has_words(app: Any) -> None:
    for kind in THROUGH:
        with app.test_request_context(), flask_babel.force_locale("zh_Hans_CN"):
            told = what_happened("updated", f"{kind}:7")
            assert told.isascii() is False
            assert "%(" not in told
