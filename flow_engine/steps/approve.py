"""approve: one of them, or all of them, agree, reject, or send it back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from formloom.errors import InvalidInput, Issue

from flow_engine.elements.outcome import NOTHING, Outcome, parse_outcome
from flow_engine.machine.effects import FinishTask
from flow_engine.machine.events import Decided
from flow_engine.machine.side import finish
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, StepType, Uses, ref
from flow_engine.steps.people import SCHEMA, PeopleStep, people_frame


@dataclass(frozen=True, kw_only=True)
class Approve(PeopleStep):
    """`any`: the first decision is the decision. `all`: everybody must agree, and the first rejection is one."""

    mode: Literal["any", "all"] = "any"
    on_approve: Outcome = NOTHING
    on_reject: Outcome = NOTHING
    returns: tuple[Outcome, ...] = ()

    @property
    def decisions(self) -> tuple[str, ...]:
        """Returning is offered where the definition says where to."""
        return ("approve", "reject", "return") if self.returns else ("approve", "reject")

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Agree, reject or send back."""
        walk.remember_decider(self.key, event.by)
        match event.decision:
            case "approve":
                self._approve(walk, visit, event)
            case "reject":
                self._turn_down(walk, visit, event, self.on_reject)
            case _:
                self._turn_down(walk, visit, event, self.chosen(event.to))

    def chosen(self, target: str | None) -> Outcome:
        """The return that goes to this target; the only one there is, if none is named."""
        if target is None and len(self.returns) == 1:
            return self.returns[0]
        for outcome in self.returns:
            if outcome.return_to == target:
                return outcome
        raise InvalidInput("invalid_input", issues=(Issue("/to_step", "not_an_option"),))

    def _approve(self, walk: Walk, visit: Visit, event: Decided) -> None:
        missing = set(visit.asked) - {*visit.agreed, event.by}
        if self.mode == "all" and missing:
            walk.do(FinishTask(visit.id, event.by, event.decision, event.reason, event.comment))
            walk.agree(visit, event.by)
            return
        finish(walk, visit, event)
        walk.write(self.key, self.on_approve)
        walk.go_on_after(self.key)

    def _turn_down(self, walk: Walk, visit: Visit, event: Decided, outcome: Outcome) -> None:
        check_words(event, outcome)
        finish(walk, visit, event)
        walk.write(self.key, outcome)
        if event.decision == "reject":
            rejections = walk.count_rejection(self.key)
            if outcome.again and rejections >= outcome.again.after:
                walk.enter(self.key, "exception", because=str(rejections))
        if outcome.return_to is None:
            walk.end("rejected")
        else:
            walk.go_back_to(outcome.return_to, self.key, event.decision)

    def uses(self) -> Uses:
        """Besides what asking people uses: what each outcome sets, and where it leads."""
        outcomes = [("/on_approve", self.on_approve), ("/on_reject", self.on_reject)]
        outcomes += [(f"/returns/{number}", outcome) for number, outcome in enumerate(self.returns)]
        base = super().uses()
        again = self.on_reject.again
        return replace(
            base,
            people=(*base.people, ("/on_reject/again/to", again.to if again else ())),
            writes=(*base.writes, *((f"{at}/set", outcome.set) for at, outcome in outcomes)),
            fields=(*base.fields, *((f"{at}/return_to/fields", tuple(o.fields or ())) for at, o in outcomes)),
            targets=tuple((f"{at}/return_to/step", o.return_to) for at, o in outcomes if o.return_to is not None),
        )


def check_words(event: Decided, outcome: Outcome) -> None:
    """A rejection gives one of the reasons where there are some, and a comment where one is wanted."""
    issues: list[Issue] = []
    known = {reason.key for reason in outcome.reasons}
    if known and event.reason is None:
        issues.append(Issue("/reason", "required"))
    elif event.reason is not None and event.reason not in known:
        issues.append(Issue("/reason", "not_an_option"))
    if outcome.comment_required and not (event.comment or "").strip():
        issues.append(Issue("/comment", "required"))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Approve:
    return Approve(
        **people_frame(raw, pointer),
        mode=raw.get("mode", "any"),
        on_approve=parse_outcome(raw.get("on_approve")),
        on_reject=parse_outcome(raw.get("on_reject")),
        returns=tuple(parse_outcome(one) for one in raw.get("returns", ())),
    )


TYPE = StepType(
    "approve",
    {
        **SCHEMA,
        "mode": {"enum": ["any", "all"]},
        "on_approve": ref("plain_outcome"),
        "on_reject": ref("rejection"),
        "returns": {"type": "array", "minItems": 1, "maxItems": 50, "items": ref("return")},
    },
    _parse,
    required=("by",),
)
