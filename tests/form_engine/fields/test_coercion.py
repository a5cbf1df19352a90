"""Dirty cells, by the vectors that the browser's paste reads too."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.fields import BY_NAME, FIELD_TYPES, FieldType
from form_engine.fields.base import Coerced, CoerceHints, Refused
from form_engine.fields.coercion import DIRTY, NOTES
from form_engine.fields.id_number import check_digit
from form_engine.fields.numerals import read_numeral
from form_engine.validate import CODES

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors" / "coercion.json").read_text("utf-8"))[
    "cases"
]

CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.text(max_size=60)
    | st.text("0123456789.,-/年月日元万%:（）() ￥¥是否无TZ", max_size=25)
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']} {str(case['raw'])[:30]!a}")
def test_a_dirty_cell_is_read_with_notes_or_refused_with_a_code(case: dict[str, Any]) -> None:
    kind = BY_NAME[case["type"]]
    config = kind.parse_config(case["config"])
    read = kind.coercer(config, CoerceHints(**case.get("hints", {})))(case["raw"])
    if isinstance(read, Refused):
        assert read.issues[0].code == case["code"]
        return
    assert [note.code for note in read.notes] == case.get("notes", []) or "code" in case
    names_only = kind.computed or kind.refers in ("record", "person", "department")
    found = read.value if names_only or read.value is None else kind.cleaner(config)(read.value)
    if "code" in case:
        assert isinstance(found, Refused)
        assert found.issues[0].code == case["code"]
    else:
        assert found == case["value"]


def test_every_type_and_every_note_has_a_case() -> None:
    assert {case["type"] for case in CASES} == set(BY_NAME)
    assert {note for case in CASES for note in case.get("notes", ())} == set(NOTES)


@pytest.mark.parametrize("kind", FIELD_TYPES, ids=lambda kind: kind.name)
@given(raw=CELLS)
def test_whatever_a_sheet_holds_is_answered(kind: FieldType[Any], raw: object) -> None:
    config = kind.parse_config(next(case["config"] for case in CASES if case["type"] == kind.name))
    read = kind.coercer(config)(raw)
    if isinstance(read, Refused):
        assert {issue.code for issue in read.issues} <= {*CODES, *DIRTY}
    else:
        assert isinstance(read, Coerced)
        assert {note.code for note in read.notes} <= set(NOTES)


@given(amount=st.decimals(-(10**12), 10**12, places=2))
def test_what_is_written_with_separators_and_sign_is_read_back(amount: Decimal) -> None:
    money = BY_NAME["money"]
    config = money.parse_config({"currency": "CNY"})
    stored = money.cleaner(config)(f"{amount:.2f}")
    for written in (f"{amount:,.2f}", money.print_text(stored, config, "zh-CN"), f"{amount}元", amount):
        assert money.coercer(config)(written) == Coerced(f"{amount:.2f}")


@given(day=st.dates(date(1970, 1, 1), date(2068, 12, 31)))
def test_a_day_is_read_however_it_is_written(day: date) -> None:
    read = BY_NAME["date"].coercer(BY_NAME["date"].parse_config({}))
    serial = (day - date(1899, 12, 30)).days
    ways = (
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y.%m.%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
    )
    for way in (
        *ways,
        f"{day:%y-%m-%d}",
        f"{day:%d %b %Y}",
        serial,
        float(serial),
        datetime(day.year, day.month, day.day),  # noqa: DTZ001  (a sheet's dates have no zone)
    ):
        found = read(way)
        assert isinstance(found, Coerced)
        assert found.value == day.isoformat()


@given(at=st.times(min_value=time(0, 0), max_value=time(23, 59)))
def test_a_time_of_day_is_read_from_a_share_of_a_day(at: time) -> None:
    seconds = at.hour * 3600 + at.minute * 60
    field = BY_NAME["time"]
    for raw in (seconds / 86_400, timedelta(seconds=seconds), f"{at.hour}:{at.minute:02}", f"{at.hour}点{at.minute}分"):
        assert field.coercer(field.parse_config({}))(raw) == Coerced(f"{at:%H:%M}")


@given(first=st.from_regex("[1-9][0-9]{16}", fullmatch=True), at=st.integers(0, 16), other=st.integers(1, 9))
def test_one_wrong_digit_never_keeps_its_check_digit(first: str, at: int, other: int) -> None:
    wrong = first[:at] + str((int(first[at]) + other) % 10) + first[at + 1 :]
    assert check_digit(wrong) != check_digit(first)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十", 10),
        ("二十三", 23),
        ("一百零五", 105),
        ("两万三千", 23_000),
        ("一亿二千万", 120_000_000),
        ("元", None),
        ("abc", None),
    ],
)
def test_numerals_are_read(text: str, number: int | None) -> None:
    assert read_numeral(text) == number
