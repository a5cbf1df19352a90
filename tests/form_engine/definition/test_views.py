"""Views and roles."""

import pytest
from formloom.errors import InvalidDefinition

from form_engine.definition import check_view, parse_role, parse_view
from tests.form_engine.forms import world

VIEW = {
    "kind": "view",
    "key": "open",
    "title": "Open",
    "form": "purchase",
    "columns": ["number", "subject", "total"],
    "where": 'status = "asked" AND created_by = ME()',
    "sort": [{"by": "needed_on"}, {"by": "total", "desc": True}],
}


def test_a_view_is_read_and_fits() -> None:
    view = parse_view(VIEW)
    assert view.look.sort[1].desc
    assert check_view(view, world()) == ()


@pytest.mark.parametrize(
    ("part", "pointer", "code"),
    [
        ({"form": "nobody"}, "/form", "unknown_form"),
        ({"columns": ["nothing"]}, "/columns/0", "unknown_field"),
        ({"sort": [{"by": "nothing"}]}, "/sort/0/by", "unknown_field"),
        ({"show": "board"}, "/by", "required"),
        ({"show": "calendar", "start": "subject"}, "/start", "wrong_type"),
        ({"show": "timeline", "start": "needed_on"}, "/end", "required"),
        ({"show": "gallery", "cover": "subject"}, "/cover", "wrong_type"),
        ({"group": {"by": "nothing"}}, "/group/by", "unknown_field"),
        ({"group": {"by": "subject", "bucket": "month"}}, "/group/bucket", "wrong_type"),
        ({"sums": ["subject"]}, "/sums/0", "wrong_type"),
        ({"colour": "subject"}, "/colour", "wrong_type"),
        ({"widths": {"nothing": 100}}, "/widths/nothing", "unknown_field"),
        ({"work": {"near": "nothing"}}, "/work/near", "unknown_field"),
        ({"work": {"near": "subject"}}, "/work/near", "wrong_type"),
        ({"work": {"links": ["subject", "total"]}}, "/work/links/1", "wrong_type"),
        ({"where": "subject"}, "/where", "formula_wrong_result"),
        ({"where": "nothing = 1"}, "/where", "formula_unknown_name"),
    ],
)
def test_a_view_that_does_not_fit_is_told(part: dict[str, object], pointer: str, code: str) -> None:
    (issue,) = check_view(parse_view({**VIEW, **part}), world())
    assert (issue.pointer, issue.code) == (pointer, code)


@pytest.mark.parametrize(
    "part",
    [
        {"show": "board", "by": "status", "colour": "status"},
        {"show": "calendar", "start": "needed_on"},
        {"show": "timeline", "start": "needed_on", "end": "needed_on", "by": "status"},
        {"group": {"by": "needed_on", "bucket": "month", "desc": True}, "sums": ["total"], "frozen": 1},
        {"layout": "cards", "widths": {"subject": 240}},
        {"work": {"asks": "everybody", "links": ["subject"]}},
    ],
)
def test_every_kind_of_view_can_be_said(part: dict[str, object]) -> None:
    assert check_view(parse_view({**VIEW, **part}), world()) == ()


@pytest.mark.parametrize("raw", [None, [], {}, {**VIEW, "show": "globe"}, {**VIEW, "where": "1 +"}, {**VIEW, "x": 1}])
def test_what_is_no_view_is_refused(raw: object) -> None:
    with pytest.raises(InvalidDefinition):
        parse_view(raw)


def test_a_role_is_read_or_refused() -> None:
    assert parse_role({"kind": "role", "key": "buyer", "title": {"en": "Buyer"}}).key == "buyer"
    with pytest.raises(InvalidDefinition):
        parse_role({"kind": "role", "key": "Buyer", "title": "Buyer"})
