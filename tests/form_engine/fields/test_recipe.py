"""The recipe for a field type, followed."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from formloom.errors import InvalidDefinition, InvalidInput

from form_engine.definition import compile_form, parse_form
from form_engine.fields import BY_NAME, FieldType
from form_engine.fields.base import Coerced
from form_engine.validate import validate
from tests.form_engine.forms import form

ROOT = Path(__file__).parents[3]
RECIPE = (ROOT / "docs" / "recipes" / "add-a-field-type.md").read_text("utf-8")


@pytest.fixture
def week(monkeypatch: pytest.MonkeyPatch) -> FieldType[Any]:
    """The recipe's type, as if it stood in its file and in the tuple."""
    (code,) = re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL)
    module = ModuleType("form_engine.fields.week")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "docs/recipes/add-a-field-type.md", "exec"), module.__dict__)  # noqa: S102  (our own page)
    made: FieldType[Any] = module.__dict__["WeekField"]()
    monkeypatch.setattr("form_engine.definition.parse.BY_NAME", {**BY_NAME, made.name: made})
    return made


@pytest.mark.usefixtures("week")
def test_the_new_type_is_read_checked_stored_and_calculated_with() -> None:
    raw = form(
        {"key": "due", "type": "week", "min": "2020-W01", "index": True, "rules": [{"assert": 'due < "2030"'}]},
        {"key": "year", "type": "formula", "value": "LEFT(due, 4)"},
    )
    compiled = compile_form(parse_form(raw), {})
    result = validate(compiled, {"due": "2026-W48"})
    assert result.values == {"due": "2026-W48"}
    assert result.computed["year"] == "2026"
    for sent, code in (
        ("2026-W54", "not_a_week"),
        (48, "not_text"),
        ("2031-W01", "rule_failed"),
        ("2019-W52", "below_min"),
    ):
        with pytest.raises(InvalidInput) as caught:
            validate(compiled, {"due": sent})
        assert [issue.code for issue in caught.value.issues] == [code]


@pytest.mark.usefixtures("week")
def test_its_config_is_checked_by_its_schema() -> None:
    with pytest.raises(InvalidDefinition):
        parse_form(form({"key": "due", "type": "week", "min": "last week"}))


def test_it_reads_dirty_cells_and_shows_and_exports_clean_ones(week: FieldType[Any]) -> None:
    config = week.parse_config({"min": "2020-W01"})
    coerce = week.coercer(config)
    assert coerce("２０２６年第48周") == Coerced("2026-W48")
    assert coerce("无") == Coerced(None)
    assert week.export_cell("2026-W48", config, "en").value == week.print_text("2026-W48", config, "en") == "2026-W48"
    assert week.searched
    assert week.words("2026-W48", config, "en") == ("2026-W48",)
    assert week.client_config(config, "en") == {"min": "2020-W01"}


def test_the_files_it_names_are_there() -> None:
    named = set(re.findall(r"`((?:form_engine|tests|web)/[\w/.]+)`", RECIPE)) - {
        "form_engine/fields/week.py",
        "web/client/fields/week.svelte",
    }
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]
