"""From JSON to a FlowDef: shape first (JSON Schema), then meaning; every issue with a pointer, all at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from formloom.errors import InvalidDefinition, Issue
from jsonschema.exceptions import ValidationError

from flow_engine.clocks.definition import parse_clocks
from flow_engine.definition.flow import FlowDef
from flow_engine.definition.schema import deepest, validator
from flow_engine.elements.duration import parse_duration
from flow_engine.elements.outcome import INITIATOR, parse_outcome
from flow_engine.elements.who import parse_people
from flow_engine.steps import STEP_TYPES, Step, StepType
from flow_engine.triggers import TRIGGER_TYPES

CODES = (
    "invalid_flow",
    "too_deep",
    "unknown_key",
    "missing_key",
    "wrong_type",
    "not_an_option",
    "bad_value",
    "bad_duration",
    "duplicate_step",
    "reserved_step",
)

MAX_DEPTH = 48
_TRIGGERS = {each.name: each for each in TRIGGER_TYPES}
_MEANINGS = {
    "additionalProperties": "unknown_key",
    "required": "missing_key",
    "type": "wrong_type",
    "enum": "not_an_option",
}


def parse_flow(raw: Any, types: tuple[StepType, ...] = STEP_TYPES) -> FlowDef:
    """The flow.

    Raises InvalidDefinition `invalid_flow` with every issue found; never anything else, whatever `raw` is.
    """
    if _too_deep(raw):
        raise InvalidDefinition("invalid_flow", issues=(Issue("", "too_deep", {"max": MAX_DEPTH}),))
    issues = [_issue(deepest(error)) for error in validator(types).iter_errors(raw)]
    if not issues:
        issues = list(_durations(raw, ""))
    if issues:
        raise InvalidDefinition("invalid_flow", issues=tuple(sorted(issues, key=lambda issue: issue.pointer)))
    flow = _flow(raw, {each.name: each for each in types})
    issues = list(_keys(flow))
    if issues:
        raise InvalidDefinition("invalid_flow", issues=tuple(issues))
    return flow


def _flow(raw: Mapping[str, Any], types: Mapping[str, StepType]) -> FlowDef:
    def steps(several: list[Mapping[str, Any]], pointer: str) -> tuple[Step, ...]:
        return tuple(types[one["type"]].parse(one, f"{pointer}/{number}", steps) for number, one in enumerate(several))

    trigger = _TRIGGERS[raw["trigger"]["on"]].parse(raw["trigger"])
    return FlowDef(
        key=raw["key"],
        title=raw["title"],
        form=raw["form"],
        trigger=trigger,
        steps=steps(raw["steps"], "/steps"),
        separate=tuple(raw.get("separate", ())),
        same_approver=raw.get("same_approver", "ask"),
        own_request=raw.get("own_request", "ask"),
        on_withdraw=parse_outcome(raw["on_withdraw"]) if "on_withdraw" in raw else None,
        on_cancel=parse_outcome(raw["on_cancel"]) if "on_cancel" in raw else None,
        owner=parse_people(raw.get("owner")),
        clocks=parse_clocks(raw.get("clocks", [])),
        description=raw.get("description"),
        holds=raw.get("holds", trigger.holds),
    )


def _keys(flow: FlowDef) -> Iterator[Issue]:
    """Keys name steps for ever, in journals and permissions: one step, one key."""
    seen: set[str] = set()
    for step in flow.walk():
        if step.key == INITIATOR:
            yield Issue(f"{step.pointer}/key", "reserved_step", {"key": step.key})
        if step.key in seen:
            yield Issue(f"{step.pointer}/key", "duplicate_step", {"key": step.key})
        seen.add(step.key)


def _durations(raw: Any, pointer: str) -> Iterator[Issue]:
    """The schema can only say roughly what a duration looks like."""
    waiting: list[tuple[Any, str]] = [(raw, pointer)]
    while waiting:
        value, at = waiting.pop()
        if isinstance(value, list):
            waiting.extend((each, f"{at}/{number}") for number, each in enumerate(value))
        elif isinstance(value, dict):
            for key, each in value.items():
                if key in ("link_valid", "every", "for") or (key == "in" and at.endswith("/due")):
                    if isinstance(each, str) and parse_duration(each) is None:
                        yield Issue(f"{at}/{key}", "bad_duration", {"value": each})
                elif key != "set":
                    waiting.append((each, f"{at}/{key}"))


def _issue(error: ValidationError) -> Issue:
    path = list(error.absolute_path)
    code = _MEANINGS.get(str(error.validator), "bad_value")
    found: Any = error.instance
    wanted: Any = error.validator_value
    params: dict[str, object] = {}
    if code == "unknown_key":
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        path.append(next((key for key in found if key not in known), ""))
    elif code == "missing_key":
        path.append(next((key for key in wanted if key not in found), ""))
    elif code == "wrong_type":
        params["expected"] = wanted
    elif code == "not_an_option":
        params["options"] = [str(option) for option in wanted]
    return Issue("".join(f"/{_escaped(part)}" for part in path), code, params)


def _escaped(part: str | int) -> str:
    return str(part)[:100].replace("~", "~0").replace("/", "~1")


def _too_deep(raw: Any) -> bool:
    waiting = [(raw, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return True
        if isinstance(value, dict):
            waiting.extend((each, depth + 1) for each in value.values())
        elif isinstance(value, list):
            waiting.extend((each, depth + 1) for each in value)
    return False
