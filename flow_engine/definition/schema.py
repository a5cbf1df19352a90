"""The whole JSON Schema of a flow: the frame of schemas/flow.schema.json with what each step and trigger type adds."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from flow_engine.steps import STEP_TYPES, StepType
from flow_engine.triggers import TRIGGER_TYPES, TriggerType


def compose(types: Iterable[StepType]) -> dict[str, Any]:
    """The schema with these step types; everything a step may say is listed, all else refused."""
    schema: dict[str, Any] = json.loads((files("flow_engine.schemas") / "flow.schema.json").read_text("utf-8"))
    frame: dict[str, Any] = schema["$defs"]["step"]
    key = frame["properties"]["key"]
    frame["properties"]["type"] = {"enum": [each.name for each in types]}
    frame["allOf"] = [_case("type", each, {"key": key, "title": {"$ref": "#/$defs/text"}}) for each in types]
    trigger: dict[str, Any] = schema["$defs"]["trigger"]
    trigger["properties"] = {"on": {"enum": [each.name for each in TRIGGER_TYPES]}}
    trigger["allOf"] = [_case("on", each, {"when": {"$ref": "#/$defs/formula"}}) for each in TRIGGER_TYPES]
    return schema


def _case(named: str, each: StepType | TriggerType, common: Mapping[str, Any]) -> dict[str, Any]:
    """What is said where the property `named` says so."""
    properties = {named: True, **common, **each.schema}
    shape = {"properties": properties, "required": list(each.required), "additionalProperties": False}
    if each.one_of:
        shape["oneOf"] = [{"required": list(group)} for group in each.one_of]
    return {"if": {"properties": {named: {"const": each.name}}, "required": [named]}, "then": shape}


@cache
def validator(types: tuple[StepType, ...] = STEP_TYPES) -> Draft202012Validator:
    """Checked against the schema of schemas once."""
    schema = compose(types)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def deepest(error: ValidationError) -> ValidationError:
    """Where alternatives failed, the failure that says most."""
    return best_match(iter((error,))) or error
