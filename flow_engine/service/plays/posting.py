"""Webhooks that steps send."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from formloom.errors import InvalidInput

from flow_engine.machine import RunState
from flow_engine.machine.effects import PostOut
from flow_engine.steps.webhook import Webhook, is_formula
from form_engine.fields.formula import computed_json
from form_engine.formula import ErrorValue, RecordValue, Value

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("webhook_formula", "webhook_too_large")

WEBHOOK: Final = "flow.webhook"
"""The kind of the outbox item that puts it into the ledger."""
MOST_BYTES: Final = 200_000


def post_out(stage: "Stage", effect: PostOut, state: RunState) -> None:
    """What is sent is said now, of the record as it is now; it leaves when the step is stored."""
    step = stage.flow.definition.step(effect.step)
    assert isinstance(step, Webhook)  # noqa: S101  only it has this effect
    told = _filled(stage, step.body) if step.body is not None else _usual(stage, effect)
    body = orjson.dumps(told).decode()
    if len(body) > MOST_BYTES:
        raise InvalidInput("webhook_too_large", {"most": MOST_BYTES})
    where = {"connection": step.connection} if step.connection is not None else {"url": step.url}
    about = {**where, "headers": dict(step.headers)}
    stage.script.post(WEBHOOK, {"visit": effect.visit, "step": effect.step, "body": body, "about": about})


def _usual(stage: "Stage", effect: PostOut) -> dict[str, Any]:
    """What happened, for a receiver that asks for the rest by the API."""
    record = {"id": stage.record.id, "form": stage.form.key, "number": stage.record.number}
    return {
        "type": f"{stage.flow.key}.{effect.step}",
        "timestamp": stage.now.isoformat(),
        "data": {"record": record, "flow": stage.flow.key, "step": effect.step},
    }


def _filled(stage: "Stage", told: Any) -> Any:
    if is_formula(told):
        return _json(stage.evaluate(told["="]), told["="])
    if isinstance(told, Mapping):
        return {key: _filled(stage, value) for key, value in told.items()}
    return [_filled(stage, value) for value in told] if isinstance(told, list) else told


def _json(value: Value, formula: str) -> Any:
    """Numbers are texts, as everywhere in our JSON; a record is its id. An error is nobody's value."""
    if isinstance(value, ErrorValue):
        raise InvalidInput("webhook_formula", {"formula": formula[:200], "error": value.code})
    if isinstance(value, RecordValue):
        return value.id
    return [_json(each, formula) for each in value] if isinstance(value, tuple) else computed_json(value)


PLAYS: dict[type, Any] = {PostOut: post_out}
