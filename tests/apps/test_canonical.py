"""The one spelling of definitions on disk."""

import json

from hypothesis import given
from hypothesis import strategies as st

from apps.canonical import WIDTH, canonical_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=10), inner, max_size=6),
    max_leaves=40,
)


@given(json_values)
def test_reading_it_back_gives_the_value_and_writing_that_gives_the_bytes(value: object) -> None:
    text = canonical_text(value)
    assert json.loads(text) == value
    assert canonical_text(json.loads(text)) == text
    assert text.endswith("\n")


@given(st.dictionaries(st.text(max_size=10), st.integers(), max_size=8))
def test_the_order_in_which_keys_came_leaves_no_trace(value: dict[str, int]) -> None:
    assert canonical_text(dict(reversed(value.items()))) == canonical_text(value)


def test_what_a_thing_is_comes_first_and_short_things_stay_on_a_line() -> None:
    field = {"required": True, "label": {"zh-CN": "金额", "en": "Amount"}, "type": "money", "key": "amount"}
    expected = '{"key": "amount", "type": "money", "label": {"en": "Amount", "zh-CN": "金额"}, "required": true}\n'
    assert canonical_text(field) == expected


def test_what_does_not_fit_a_line_gets_a_line_an_entry() -> None:
    text = canonical_text({"options": [f"option_{number}" for number in range(20)], "key": "status"})
    assert text.splitlines()[:4] == ["{", '  "key": "status",', '  "options": [', '    "option_0",']
    assert max(map(len, text.splitlines())) <= WIDTH
