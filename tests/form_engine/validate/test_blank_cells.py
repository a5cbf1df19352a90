"""A blank in a table is missed, whatever its type and however alike the rows are."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.definition import compile_form, parse_form
from form_engine.validate import validate

#: type → its config, a value, and blanks of it
COLUMNS: dict[str, tuple[dict[str, Any], Any, list[Any]]] = {
    "text": ({}, "plain", [None, "", "  "]),
    "money": ({"currency": "CNY"}, "1.50", [None]),
    "date": ({}, "2026-11-23", [None]),
    "choice": ({"options": ["new", "done"]}, "new", [None, ""]),
    "link": ({"form": "other"}, 7, [None]),
    "boolean": ({}, False, [None]),
    "phone": ({}, "13800138000", [None, " "]),
}
OTHER = {"kind": "form", "key": "other", "title": "Other", "fields": [{"key": "name", "type": "text"}]}


def issues_of(rows: list[dict[str, Any]], before: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    columns = [{"key": kind, "type": kind, "required": True, **each[0]} for kind, each in COLUMNS.items()]
    fields = [{"key": "rows", "type": "table", "fields": columns}]
    form = parse_form({"kind": "form", "key": "blanks", "title": "Blanks", "fields": fields})
    with pytest.raises(InvalidInput) as caught:
        validate(compile_form(form, {"other": parse_form(OTHER)}), {"rows": rows}, before=before)
    return [(issue.pointer, issue.code) for issue in caught.value.issues]


@pytest.mark.parametrize(("kind", "blank"), [(kind, blank) for kind, each in COLUMNS.items() for blank in each[2]])
def test_it_is_told_in_a_new_row_and_in_an_old_one(kind: str, blank: Any) -> None:
    whole = {name: value for name, (_, value, _) in COLUMNS.items()}
    rows = [dict(whole), {**whole, kind: blank}, dict(whole)]
    assert issues_of(rows) == [(f"/rows/1/{kind}", "required")]
    named = [{"id": f"row{at}", **row} for at, row in enumerate(rows)]
    assert issues_of(named, {"rows": [{**row, kind: whole[kind]} for row in named]}) == [
        (f"/rows/1/{kind}", "required")
    ]


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_that_no_row_has_is_told_of_each(kind: str) -> None:
    rest = {name: value for name, (_, value, _) in COLUMNS.items() if name != kind}
    assert issues_of([rest, dict(rest)]) == [(f"/rows/{at}/{kind}", "required") for at in range(2)]
