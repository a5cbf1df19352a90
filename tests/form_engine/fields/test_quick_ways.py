"""What cleaners take a short way for, they clean as the long way would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.fields.decimals import canonical_decimal, decimal_cleaner
from form_engine.fields.phone import PhoneConfig, PhoneField, dialled

_DIGITS = st.text("019", min_size=1, max_size=19)


@pytest.mark.parametrize("scale", [0, 1, 2, 6])
@given(sign=st.sampled_from(["", "-", "+"]), whole=_DIGITS, fraction=st.none() | st.text("05", max_size=7))
def test_a_decimal_is_spelled_canonically(scale: int, sign: str, whole: str, fraction: str | None) -> None:
    raw = sign + whole + ("" if fraction is None else f".{fraction}")
    assert decimal_cleaner(scale, None, None)(raw) == canonical_decimal(raw, scale)


@given(
    country=st.sampled_from(["", "+86", "+86 ", "+86-", "0086", "+860", "+49"]),
    parts=st.permutations(["138", "0013", "8007"]) | st.just(["13800138007"]) | st.just(["010", "6201", "8007"]),
    gaps=st.lists(st.sampled_from(["", " ", "-", "--", "- "]), min_size=2, max_size=2),
)
def test_a_mobile_is_dialled_as_any_number(country: str, parts: list[str], gaps: list[str]) -> None:
    raw = country + "".join(part + gap for part, gap in zip(parts, [*gaps, ""], strict=False))
    cleaned = PhoneField().cleaner(PhoneConfig(mobile=True))(raw)
    assert cleaned == dialled(raw) or not isinstance(cleaned, str)
