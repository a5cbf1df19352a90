"""The JSON Schema of a form fits what the API answers and takes, and names nothing that is hidden."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.security.town import STAFF, Town, fresh_key

FORMS = ("site", "unit", "customer", "contract", "bill", "payment", "probe", "dossier")


def schema(town: Town, who: str, form: str) -> Any:
    return town.browser(who).get(f"/api/v1/forms/{form}/schema")


@pytest.mark.parametrize("who", STAFF)
@pytest.mark.parametrize("form", FORMS)
def test_every_record_fits_its_schema(town: Town, who: str, form: str) -> None:
    answer = schema(town, who, form)
    listed = town.browser(who).get(f"/api/v1/forms/{form}/records?limit=200")
    if listed.status_code == 404:
        return
    told = answer.get_json()
    Draft202012Validator.check_schema(told)
    validator = Draft202012Validator(told)
    for record in listed.get_json()["items"]:
        assert [error.message for error in validator.iter_errors(record)] == []


def test_it_names_no_hidden_field(town: Town) -> None:
    for form, hidden in (("dossier", ("secret", "whisper", "derived")), ("probe", ("peek",))):
        told = schema(town, "agent", form)
        properties = told.get_json()["$defs"]["output"]["properties"]
        assert properties.keys().isdisjoint(hidden)
        assert properties.keys() & {"name", "text"}
    assert "secret" in schema(town, "admin", "dossier").get_json()["$defs"]["output"]["properties"]


def test_the_input_shape_takes_what_the_api_takes(town: Town) -> None:
    told = schema(town, "agent", "probe").get_json()
    takes = Draft202012Validator({"$ref": "#/$defs/input", "$defs": told["$defs"]})
    values = {
        "text": "a",
        "figure": "1.00",
        "date": "2026-01-05",
        "choice": "one",
        "rows": [{"item": "b", "count": "3"}],
    }
    assert [error.message for error in takes.iter_errors(values)] == []
    made = town.browser("agent").send("POST", "/api/v1/forms/probe/records", {"values": values}, key=fresh_key())
    assert made.status_code == 201, made.text
    for wrong in ({"fixed": "x"}, {"twice": "2"}, {"created_by": 1}, {"figure": 1.5}, {"rows": [{"doubled": "1"}]}):
        assert [*takes.iter_errors(wrong)], wrong


def test_a_form_that_one_has_no_part_in_has_no_schema(town: Town) -> None:
    assert schema(town, "stranger", "dossier").status_code == 404
