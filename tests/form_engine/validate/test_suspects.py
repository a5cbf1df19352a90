"""A look at a whole column says nothing else than the cleaner says of each value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.fields import FIELD_TYPES as TYPES
from form_engine.fields.base import Cleaner, FieldType, Suspects

FIELD_TYPES = {kind.name: kind for kind in TYPES}
#: type → its config; a type with a quick look must be here.
CONFIGS: dict[str, list[dict[str, Any]]] = {
    "number": [{}, {"decimals": 0}, {"min": "-1", "max": "12.5"}],
    "money": [{"currency": "CNY"}, {"currency": "JPY", "min": "0"}],
    "percent": [{}],
    "date": [{}, {"min": "2026-01-01", "max": "2026-12-31"}],
    "text": [{}, {"max_length": 3}, {"multiline": True}, {"pattern": "[a-z]+"}],
    "choice": [{"options": ["new", "1", {"key": "old", "label": "Old", "retired": True}]}],
    "boolean": [{}],
    "link": [{"form": "other"}],
    "member": [{}],
}
HOSTILE: list[Any] = [
    None, True, False, 0, 1, -1, 7, 2**63 - 1, 2**63, 10**5000, 1.5, "", " ", "x ", " new", "new", "old", "1", "1.00",
    "1.0", "-0.00", "-0", "0", "0.00", "-1.00", "12.51", "12.50", "00.10", "１.００", "1_0.00", "1.00\n", "NaN", "1e3",
    "9" * 40, "2026-11-23", "2026-11-31", "20261123", "2026-W47-1", "1899-12-31", "2026-11-23 ", "1979-12-31",
    "2051-02-28", "１2026-1-1", "e\u0301", "\u0301", "é", "重庆", "\u3000", "a\x00", "\ud800", "a\nb", "a\u2028", "😀",
    [], ["new"], {}, {"a": 1},
]  # fmt: skip


def looks() -> list[tuple[str, Cleaner, Suspects]]:
    found = []
    for name, raws in CONFIGS.items():
        for raw in raws:
            kind = FIELD_TYPES[name]
            config = kind.parse_config(raw)
            found.append((f"{name} {raw}", kind.cleaner(config), kind.suspects(config)))
    return found


def is_the_same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


@pytest.mark.parametrize(("name", "clean", "look"), looks(), ids=lambda each: each if isinstance(each, str) else "")
@given(values=st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4) | st.integers(), min_size=1, max_size=4))
def test_nothing_that_would_change_goes_by(name: str, clean: Cleaner, look: Suspects, values: list[Any]) -> None:
    suspected = set(look(values))
    assert suspected <= set(range(len(values)))
    for at, value in enumerate(values):
        assert at in suspected or (value is not None and is_the_same(clean(value), value))


@pytest.mark.parametrize("name", ["number", "money", "date", "choice", "boolean", "link", "member", "text"])
def test_what_is_clean_is_not_suspected(name: str) -> None:
    kind = FIELD_TYPES[name]
    config = kind.parse_config(CONFIGS[name][0])
    clean, look = kind.cleaner(config), kind.suspects(config)
    usual = [value for value in HOSTILE if value is not None and is_the_same(clean(value), value)]
    if name == "date":
        usual = [day for day in usual if "1980" <= day < "2050"]
    assert usual
    assert not look(usual)


def test_every_type_with_a_look_is_tried() -> None:
    quick = {name for name, kind in FIELD_TYPES.items() if type(kind).suspects is not FieldType.suspects}
    assert quick <= CONFIGS.keys()
