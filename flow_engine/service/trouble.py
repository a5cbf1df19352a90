"""What fails while a step is played: told to the machine instead of the event, so that no run is lost (ADR 082).

A part that fails raises. `Tripped` leaves the stage, which is thrown away whole; whoever set it sets another one, on
what is stored by then, and has it play `Failed`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg
import structlog
from formloom.errors import FormloomError, Unavailable
from sqlalchemy.exc import SQLAlchemyError

from flow_engine.machine import Event, Failed, event_to_json
from flow_engine.machine.events import Reseated, SteppedIn, TakenBack
from flow_engine.machine.state import Blame

CODES = ("effect_failed",)
NEUTRAL: Mapping[str, Any] = {"AskPeople": [], "AskTruth": False, "AskRows": []}
"""What is answered to a question that an administrator leaves out; to all others None."""
_log = structlog.get_logger(__name__)


class Tripped(Exception):  # noqa: N818 - not an error of the caller: it says how to go on
    """A part of the step could not be done; `failed` is what the run is told instead."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.code)
        self.failed = failed


def tripped(error: Exception, event: Event, blamed: Blame) -> Exception:
    """The exception to leave the stage with: `Tripped`, or the error itself where the event must be refused.

    What the database says belongs to whoever holds the transaction; who changes seats is told at once, because nothing
    has happened yet that could be lost; and where even the incident cannot be told, there is nothing left to try.
    """
    if isinstance(error, (SQLAlchemyError, psycopg.Error, Unavailable)):
        return error
    if isinstance(event, (Failed, Reseated, SteppedIn, TakenBack)):
        return error
    return Tripped(failure(error, event, blamed))


def failure(error: Exception, event: Event, blamed: Blame) -> Failed:
    """What the run is told. A mistake of ours is logged: no administrator can read it."""
    effect, step, item = blamed
    if isinstance(error, FormloomError):
        code, params = error.code, _params(error)
    else:
        _log.error("effect_failed", effect=effect, step=step, exc_info=error)
        code, params = "effect_failed", {"error": type(error).__name__}
    return Failed(code, params, event_to_json(event), effect, step, item)


def _params(error: FormloomError) -> dict[str, Any]:
    issues = [{"pointer": i.pointer, "code": i.code, "params": dict(i.params)} for i in error.issues]
    told = {**error.params, **({"issues": issues} if issues else {})}
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS))
    return plain


def refused_part(
    writers: Sequence[Blame | None], changed: Mapping[str, Any] | None, detail: Mapping[str, Any]
) -> Blame | None:
    """Whose write the database refused: that of an effect, or None where it was what the person changed.

    `writers` name who made each batch; a rule that the person's own fields belong to is their own to keep.
    """
    rule = str(detail.get("rule", ""))
    fields = set(rule.replace("-", ",").replace(":", ",").split(","))
    if changed and (not rule or fields & set(changed)):
        return None
    return next((writer for writer in reversed(writers) if writer is not None), None)
