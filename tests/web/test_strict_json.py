"""The JSON door: what it lets through, what it refuses, and that hostile bodies cost microseconds."""

import time

import pytest
from formloom.errors import InvalidInput

from tests import pace
from web import strict_json


def refused(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        strict_json.loads(body)
    return [(issue.pointer, issue.code) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b'{"a": [1, -2, null, true, "x"]}', {"a": [1, -2, None, True, "x"]}),
        ('{"金额": "1200.00"}'.encode(), {"金额": "1200.00"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'{"a": "[[[[{{{{"}', {"a": "[[[[{{{{"}),
        (b"[" * 64 + b"]" * 64, None),
    ],
)
def test_it_reads_what_the_standard_promises(body: bytes, value: object) -> None:
    read = strict_json.loads(body)
    assert value is None or read == value


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        (b"", [("", "not_json")]),
        (b"{", [("", "not_json")]),
        (b'{"a": 1,}', [("", "not_json")]),
        (b"\xff\xfe", [("", "not_utf8")]),
        (b'{"a": NaN}', [("/a", "not_a_json_number")]),
        (b'{"a": [1, -Infinity]}', [("/a/1", "not_a_json_number")]),
        (b'{"a": 1.5}', [("/a", "decimal_as_text")]),
        (b'{"a": 1e999}', [("/a", "decimal_as_text")]),
        (b'{"a": ' + b"9" * 5000 + b"}", [("/a", "number_too_long")]),
        (b'{"a": 1, "b": 2, "a": 3}', [("/a", "duplicate_key")]),
        (b'{"x": {"a~/b": 1, "a~/b": 2}}', [("/x/a~0~1b", "duplicate_key")]),
        (b'{"a": "\\u0000"}', [("/a", "bad_characters")]),
        (b'{"a": "\\ud800"}', [("/a", "bad_characters")]),
        (b'{"\\udfff": 1}', [("", "bad_characters")]),
        (b"[" * 65 + b"]" * 65, [("", "too_deep")]),
        (b'{"a":' * 100 + b"1" + b"}" * 100, [("", "too_deep")]),
        (b'"' + b"x" * 1_000_001 + b'"', [("", "body_too_large")]),
    ],
)
def test_it_refuses_the_rest_and_names_the_spot(body: bytes, issues: list[tuple[str, str]]) -> None:
    assert refused(body) == issues


def test_every_fault_is_told_at_once() -> None:
    assert refused(b'{"a": NaN, "b": [1.5], "c": "\\u0000"}') == [
        ("/a", "not_a_json_number"),
        ("/b/0", "decimal_as_text"),
        ("/c", "bad_characters"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'"' + b'\\"' * 400_000,
        b'["' + b"\\" * 900_000,
        b'"' * 900_000,
        b"[" + b"9" * 900_000 + b"]",
        b'{"a":1' + b',"a":1' * 100_000 + b"}",
    ],
)
def test_hostile_bodies_are_refused_quickly(body: bytes) -> None:
    start = time.process_time()
    assert refused(body)
    assert time.process_time() - start < pace.seconds(2)
