"""The recipe for a field type, followed."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from formloom.errors import InvalidDefinition, InvalidInput

from form_engine.definition import compile_form, parse_form
from form_engine.fields import BY_NAME
from form_engine.formula import ErrorValue
from form_engine.validate import validate
from tests.form_engine.forms import form

ROOT = Path(__file__).parents[3]
RECIPE = (ROOT / "docs" / "recipes" / "add-a-field-type.md").read_text("utf-8")


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe's module, as if it stood in its file and in the tuple."""
    (code,) = re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL)
    module = ModuleType("form_engine.fields.rating")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "docs/recipes/add-a-field-type.md", "exec"), module.__dict__)  # noqa: S102  (our own page)
    rating = module.__dict__["RatingField"]()
    monkeypatch.setattr("form_engine.definition.parse.BY_NAME", {**BY_NAME, rating.name: rating})


@pytest.mark.usefixtures("_registered")
def test_the_new_type_is_read_checked_stored_and_calculated_with() -> None:
    raw = form(
        {"key": "service", "type": "rating", "stars": 4, "index": True, "rules": [{"assert": "service > 1"}]},
        {"key": "share", "type": "formula", "value": "service / 4"},
    )
    compiled = compile_form(parse_form(raw), {})
    result = validate(compiled, {"service": 3})
    assert result.values == {"service": 3}
    assert not isinstance(result.computed["share"], ErrorValue)
    for sent, code in ((5, "above_max"), ("3", "not_a_rating"), (1, "rule_failed"), (True, "not_a_rating")):
        with pytest.raises(InvalidInput) as caught:
            validate(compiled, {"service": sent})
        assert [issue.code for issue in caught.value.issues] == [code]


@pytest.mark.usefixtures("_registered")
def test_its_config_is_checked_by_its_schema() -> None:
    with pytest.raises(InvalidDefinition):
        parse_form(form({"key": "service", "type": "rating", "stars": 99}))


def test_the_files_it_names_are_there() -> None:
    named = set(re.findall(r"`((?:form_engine|tests|web)/[\w/.]+)`", RECIPE)) - {"form_engine/fields/rating.py"}
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]
