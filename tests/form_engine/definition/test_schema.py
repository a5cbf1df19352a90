"""The JSON Schemas themselves, and the whole one that editors get."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from form_engine.schemas import Checker, form_schema, schema
from tests.form_engine.forms import example


@pytest.mark.parametrize("kind", ["form", "view", "role"])
def test_each_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))


def test_the_whole_schema_takes_the_examples_and_knows_each_types_keys() -> None:
    Draft202012Validator.check_schema(form_schema())
    whole = Checker(form_schema())
    for key in ("purchase", "supplier"):
        assert not list(whole.issues(example(key)))
    spoilt: dict[str, Any] = example("purchase")
    spoilt["fields"][0]["currency"] = "CNY"
    assert list(whole.issues(spoilt))
