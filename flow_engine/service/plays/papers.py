"""Documents that steps have made."""

from typing import TYPE_CHECKING, Any, Final

from formloom.errors import InvalidInput

from flow_engine.machine import RunState
from flow_engine.machine.effects import MakeDocument
from flow_engine.steps.document import Document
from form_engine.formula import ErrorValue

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("document_name",)

DOCUMENT: Final = "flow.document"
"""The kind of the outbox item that makes it."""


def make_document(stage: "Stage", effect: MakeDocument, state: RunState) -> None:
    """The name is said now; the rest is read when it is made."""
    step = stage.flow.definition.step(effect.step)
    assert isinstance(step, Document)  # noqa: S101  only it has this effect
    name = stage.evaluate(step.name.text) if step.name is not None else None
    if isinstance(name, ErrorValue):
        raise InvalidInput("document_name", {"error": name.code})
    told = {"visit": effect.visit, "step": effect.step, "template": step.template, "locale": step.locale}
    stage.script.post(DOCUMENT, {**told, "name": str(name) if name else None, "attach_to": step.attach_to})


PLAYS: dict[type, Any] = {MakeDocument: make_document}
