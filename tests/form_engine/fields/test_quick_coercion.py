"""What coercers take a short way for, they read as the long way would: unseen characters in a cell force that one."""

import re
import unicodedata
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from form_engine.fields import FIELD_TYPES
from form_engine.fields.coercion import folded, is_blank, plain_text

UNSEEN = "\u200b"
FIGURES = st.from_regex(r"[¥￥$]? ?-?(0|00|[0-9]{1,20}|[0-9]{1,3}(,[0-9]{2,3}){0,4})(\.[0-9]{0,8})?", fullmatch=True)
CELLS = st.text(st.sampled_from("0123456789,. -+/¥￥$aNnl#()x转元%\t　 "), max_size=16) | FIGURES | st.text(max_size=45)
CONFIGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("money", {"currency": "CNY"}),
    ("money", {"currency": "USD"}),
    ("money", {"currency": "JPY"}),
    ("number", {"decimals": 0}),
    ("number", {"decimals": 2}),
    ("number", {"decimals": 2, "unit": "m2"}),
    ("percent", {}),
    ("phone", {}),
    ("text", {}),
    ("text", {"multiline": True}),
)
TYPES = {each.name: each for each in FIELD_TYPES}
COERCERS = [(kind, TYPES[kind].coercer(TYPES[kind].parse_config(config))) for kind, config in CONFIGS]


@given(CELLS)
@example("199 0000 1234")
@example("￥1,200.50")
@example("1,234,567,890,123,456")
@example("0.10")
@example("  ")
@example("n/a")
def test_the_short_way_leads_where_the_long_way_does(cell: str) -> None:
    for kind, coerce in COERCERS:
        assert coerce(cell) == coerce(cell + UNSEEN), kind


@given(CELLS)
def test_plain_text_is_folded_as_any(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text.translate({0x200B: None}))
    if text.isascii():
        assert folded(text) == re.sub(r"\s+", " ", plain).strip()
        assert is_blank(text) == is_blank(text + UNSEEN)
        assert plain_text(text) == plain_text(text + UNSEEN)
