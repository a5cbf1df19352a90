"""document: a document is made of the record as it is now, and attached to one of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flow_engine.elements.outcome import Outcome
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.value import Literal as Constant
from flow_engine.machine.effects import MakeDocument
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Document(Step):
    """Made behind the step, because setting pages takes time; the run goes on when the file is there.

    It is made with the rights of the flow: whoever may read the field that it is attached to may open it. Where a
    return can lead past it, `when_returned` says whether another one is made (`repeat`) or not (`keep`).
    """

    template: str
    attach_to: str | None = None
    name: Formula | None = None
    locale: str | None = None
    when_returned: Literal["keep", "repeat"] | None = None

    @property
    def acts(self) -> bool:
        """A return past it must have been thought about."""
        return self.attach_to is not None and self.when_returned is None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Have it made, unless it was and is to be kept."""
        if self.when_returned == "keep" and walk.has_done(self.key):
            walk.go_on_after(self.key)
            return
        visit = walk.await_outside(self.key)
        walk.do(MakeDocument(self.key, visit.id, walk.item))

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """`outcome`: the `file` that was made, and all the `files` of the field with it."""
        walk.close_visit(visit)
        if self.attach_to is not None:
            walk.write(self.key, Outcome(set=(Assignment(self.attach_to, Constant(list(outcome["files"]))),)))
        walk.mark_done(self.key)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """The name's formula, and the field. Whether the template fits is checked where documents are known."""
        sets = (Assignment(self.attach_to, Constant(None)),) if self.attach_to is not None else ()
        asked = (Asked("/name", self.name, ("text",)),) if self.name is not None else ()
        return Uses(asked=asked, writes=(("/attach_to", sets),) if sets else ())


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Document:
    return Document(
        **frame(raw, pointer),
        template=raw["template"],
        attach_to=raw.get("attach_to"),
        name=Formula(raw["name"]) if "name" in raw else None,
        locale=raw.get("locale"),
        when_returned=raw.get("when_returned"),
    )


TYPE = StepType(
    "document",
    {
        "template": ref("key"),
        "attach_to": ref("key"),
        "name": ref("formula"),
        "locale": {"enum": ["zh-CN", "en"]},
        "when_returned": {"enum": ["keep", "repeat"]},
    },
    _parse,
    required=("template",),
)
