"""The guest part of a form: what it says when it says little, and what it may not promise."""

from typing import Any

import pytest

from form_engine.definition import GuestDef, Limits, check_form, parse_form

ROOM = {"kind": "form", "key": "room", "title": "Room", "fields": [{"key": "name", "type": "text"}]}


def form(guest: dict[str, Any]) -> Any:
    return parse_form(
        {
            "kind": "form",
            "key": "fault",
            "title": "Fault",
            "fields": [
                {"key": "room", "type": "link", "form": "room", "required": True},
                {"key": "other", "type": "link", "form": "room"},
                {"key": "what", "type": "text", "required": True},
                {"key": "who", "type": "member"},
                {"key": "length", "type": "formula", "value": "LEN(what)"},
                {"key": "kind", "type": "choice", "options": ["a", "b"]},
            ],
            "guest": guest,
        }
    )


def issues(guest: dict[str, Any]) -> list[tuple[str, str]]:
    found = check_form(form(guest), {"room": parse_form(ROOM)})
    return [(issue.pointer, issue.code) for issue in found if issue.pointer.startswith("/guest")]


def test_little_said_is_enough() -> None:
    guest = form({"fields": ["what"], "about": {"room": {}}}).guest
    assert isinstance(guest, GuestDef)
    assert guest.limits == Limits(address_hour=6, link_day=100, files=9, file_bytes=10_000_000)
    assert (guest.days, guest.receipt.days, guest.receipt.fields, guest.open) == (1825, 90, (), False)
    assert form({"fields": ["what"], "limits": {"file_mb": 2}, "days": 7}).guest.limits.file_bytes == 2_000_000
    assert issues({"fields": ["what"], "about": {"room": {}}}) == []


@pytest.mark.parametrize(
    ("guest", "expected"),
    [
        ({"fields": ["nothing", "what"], "about": {"room": {}}}, ("/guest/fields/0", "unknown_field")),
        ({"fields": ["what", "who"], "about": {"room": {}}}, ("/guest/fields/1", "guest_cannot_fill")),
        ({"fields": ["what", "length"], "about": {"room": {}}}, ("/guest/fields/1", "guest_cannot_fill")),
        ({"fields": ["what", "other"], "about": {"room": {}}}, ("/guest/fields/1", "guest_link_needs_filter")),
        ({"fields": ["what"], "about": {"room": {}}, "open": True}, ("/guest/fields", "required_but_not_writable")),
        ({"fields": ["kind"], "about": {"room": {}}}, ("/guest/about/room", "required_but_not_writable")),
        ({"fields": ["what"], "about": {"what": {}, "room": {}}}, ("/guest/about/what", "guest_about_one_record")),
        (
            {"fields": ["what"], "about": {"room": {}}, "receipt": {"fields": ["x"]}},
            ("/guest/receipt/fields/0", "unknown_field"),
        ),
        ({"fields": ["what"], "about": {"room": {}}, "set": {"kind": "z"}}, ("/guest/set/kind", "not_an_option")),
        (
            {"fields": ["what"], "about": {"room": {"set": {"kind": {"=": "1 + 1"}}}}},
            ("/guest/about/room/set/kind/=", "formula_wrong_result"),
        ),
        (
            {"fields": ["what"], "about": {"room": {}}, "set": {"kind": {"=": "nobody"}}},
            ("/guest/set/kind/=", "formula_unknown_name"),
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(guest: dict[str, Any], expected: tuple[str, str]) -> None:
    found = issues(guest)
    assert expected in found, found
