"""What receivers of webhooks answered, told to the runs that wait for it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from formloom.db.uow import workspace_of
from formloom.models import Message
from formloom.outgoing import Answer
from sqlalchemy.orm import Session

from flow_engine.models import Run
from flow_engine.service.catalogue import Catalogue
from flow_engine.steps.webhook import Webhook

CODES = ("answer_not_json",)

Resume = Callable[[Session, int, int, Mapping[str, Any]], object]
"""(run, visit, outcome)"""
Fail = Callable[[Session, int, int, str, Mapping[str, Any]], object]
"""(run, visit, code, params)"""


class Replies:
    """Give it to the deliverer for the channel `webhook`."""

    def __init__(self, catalogue: Catalogue, resume: Resume, fail: Fail) -> None:
        self._catalogue, self._resume, self._fail = catalogue, resume, fail

    def delivered(self, session: Session, message: Message, receipt: Answer) -> None:
        """The run goes on with what the step takes from the answer. A closed visit wants nothing more."""
        if message.run_id is None or message.visit is None or message.step is None:
            return
        run = session.get_one(Run, (workspace_of(session), message.run_id))
        step = self._catalogue.step(session, run.flow, run.flow_version, message.step)
        wanted = step.answer if isinstance(step, Webhook) else {}
        try:
            told = json.loads(receipt.body, parse_float=str, parse_constant=str) if wanted else None
        except (ValueError, RecursionError):
            self._fail(session, message.run_id, message.visit, "answer_not_json", {"status": receipt.status})
            return
        answer = {name: at_pointer(told, pointer) for name, pointer in wanted.items()}
        self._resume(session, message.run_id, message.visit, {"status": receipt.status, "answer": answer})

    def given_up(self, session: Session, message: Message, code: str, params: Mapping[str, Any]) -> None:
        """An incident, where the run waits; else the dead letter itself is all."""
        if message.run_id is not None and message.visit is not None:
            self._fail(session, message.run_id, message.visit, code, params)


def at_pointer(told: Any, pointer: str) -> Any:
    """What stands at a JSON pointer (RFC 6901); None where nothing does."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(told, dict) and name in told:
            told = told[name]
        elif isinstance(told, list) and name.isascii() and name.isdecimal() and int(name) < len(told):
            told = told[int(name)]
        else:
            return None
    return told
