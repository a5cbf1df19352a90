"""Flows that the tests share, and a shell without a database that drives the machine."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flow_engine.definition import FlowDef, parse_flow
from flow_engine.elements.value import Literal
from flow_engine.elements.who import Guest, Manager, Role
from flow_engine.machine import (
    Answered,
    Ask,
    AskPeople,
    AskRows,
    Effect,
    Event,
    Failed,
    Reseated,
    RunState,
    Started,
    TakenBack,
    advance,
    event_from_json,
)
from flow_engine.machine.effects import AskFound, SetFields
from flow_engine.machine.events import event_to_json
from flow_engine.machine.walk import blame
from flow_engine.service.trouble import NEUTRAL

CONFIRMATION: dict[str, Any] = {
    "kind": "flow",
    "key": "confirmation",
    "title": {"en": "Three levels"},
    "form": "payment",
    "trigger": {"on": "submit"},
    "separate": ["initiator", "finance", "supervisor"],
    "steps": [
        {
            "key": "customer",
            "type": "approve",
            "by": {"guest": {"name": "payer", "phone": "phone"}, "link_valid": "PT72H"},
            "fields": {"amount": "read", "*": "hidden"},
            "on_approve": {"set": {"status": "pending_finance"}},
            "on_reject": {"set": {"status": "disputed"}, "return_to": {"initiator": True}},
            "on_resubmit": {"set": {"status": "pending_customer"}},
            "on_withdraw": {"set": {"status": "void"}},
            "due": {
                "in": "PT72H",
                "then": [{"remind": {"every": "P1D"}}, {"at": "1", "do": "escalate", "to": {"role": "agent"}}],
            },
        },
        {
            "key": "finance",
            "type": "approve",
            "by": {"role": "finance"},
            "fields": {"lines": "write", "*": "read"},
            "require": ["lines"],
            "on_approve": {"set": {"status": "pending_supervisor"}},
            "on_reject": {
                "set": {"status": "pending_customer"},
                "return_to": {"step": "customer"},
                "reasons": ["amount", "payer", "not_received"],
            },
            "due": {"in": "P1D", "then": [{"at": "0.8", "do": "remind"}]},
        },
        {
            "key": "supervisor",
            "type": "approve",
            "by": {"role": "supervisor"},
            "if_nobody": {"role": "admin"},
            "on_approve": {"set": {"status": "confirmed"}},
            "on_reject": {
                "set": {"status": "pending_finance"},
                "return_to": {"step": "finance"},
                "again": {"after": 2, "do": "exception", "to": {"role": "admin"}},
            },
        },
    ],
}


def flow_of(*steps: Mapping[str, Any], **more: Any) -> FlowDef:
    """A flow on submit with these steps."""
    frame = {"kind": "flow", "key": "probe", "title": "Probe", "form": "thing", "trigger": {"on": "submit"}}
    return parse_flow({**frame, "steps": list(steps), **more})


def approve(key: str, role: str, **more: Any) -> dict[str, Any]:
    """An approve step for a role."""
    return {"key": key, "type": "approve", "by": {"role": role}, **more}


@dataclass
class Shell:
    """Drives a flow as the service does, saving and restoring state and events between all steps."""

    flow: FlowDef
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    truths: Callable[[str, Mapping[str, Any]], Any] = lambda formula, record: False
    rows: Sequence[str] = ()
    record: dict[str, Any] = field(default_factory=dict)
    state: RunState | None = None
    effects: list[Effect] = field(default_factory=list)
    journal: list[list[dict[str, Any]]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    fails: Callable[[Effect | Ask], bool] = lambda part: False
    """What cannot be done just now: then the run is told so instead of the event."""

    def start(self, by: str = "person:1") -> "Shell":
        """Begin."""
        self.tell(Started(by))
        return self

    def tell(self, event: Event) -> list[Effect]:
        """One event with all its asks; nothing is kept if it is refused or fails."""
        state, first = self.state, event
        effects: list[Effect] = []
        told: list[dict[str, Any]] = []
        record, statuses = dict(self.record), list(self.statuses)
        while True:
            told.append(event_to_json(event))
            transition = advance(self.flow, _stored(state), event_from_json(json.loads(json.dumps(told[-1]))))
            state = _stored(transition.state)
            effects.extend(transition.effects)
            place = state.entering[0].step if state and state.entering else ""
            skipped = state.skips if state else ()
            parts = [part for part in (*transition.effects, *transition.asks) if blame(part, place) not in skipped]
            wrong = next((part for part in parts if self.fails(part)), None)
            if wrong is not None and not isinstance(first, Failed | Reseated | TakenBack):
                return self.tell(Failed("broken", {}, event_to_json(first), *blame(wrong, place)))
            for effect in transition.effects:
                if isinstance(effect, SetFields):
                    for assignment in effect.assignments:
                        assert isinstance(assignment.value, Literal)
                        record[assignment.field] = assignment.value.value
                        if assignment.field == "status":
                            statuses.append(assignment.value.value)
            if not transition.asks:
                break
            left_out = [ask.key for ask in transition.asks if blame(ask, place) in skipped]
            answers = {ask.key: self.answer(ask, record) for ask in transition.asks if ask.key not in left_out}
            neutral = {ask.key: NEUTRAL.get(type(ask).__name__) for ask in transition.asks if ask.key in left_out}
            event = Answered({**answers, **neutral})
        assert state is not None
        assert not state.entering
        self.state, self.record, self.statuses = state, record, statuses
        self.effects += effects
        self.journal.append(told)
        return effects

    def answer(self, ask: Ask, record: Mapping[str, Any]) -> Any:
        """Roles from the table; a guest gets a link."""
        if isinstance(ask, AskPeople):
            held = [
                who.role if isinstance(who, Role) else f"manager/{who.level}"
                for who in ask.who
                if isinstance(who, Role | Manager)
            ]
            found = [ref for key in held for ref in self.roles.get(key, ())]
            guests = [f"guest:{len(self.journal)}" for who in ask.who if isinstance(who, Guest)]
            return found + guests
        if isinstance(ask, AskRows):
            return list(self.rows)
        assert not isinstance(ask, AskFound)
        return self.truths(ask.formula, record)

    def visit(self, step: str, kind: str = "step", item: str = "") -> Any:
        """The open visit of a step; in a loop over rows, that of the row `item`."""
        assert self.state is not None
        found = (visit for visit in self.state.open if (visit.step, visit.kind) == (step, kind))
        return next(visit for visit in found if not item or (self.state.item(visit.lane) or ("", ""))[1] == item)

    def at(self) -> list[str]:
        """What is open, as `step` or `step/kind`."""
        assert self.state is not None
        return [visit.step + ("" if visit.kind == "step" else f"/{visit.kind}") for visit in self.state.open]

    def replayed(self) -> RunState | None:
        """The state that the journal gives."""
        state = None
        for entry in self.journal:
            for event in entry:
                state = advance(self.flow, state, event_from_json(event)).state
        return state


def _stored(state: RunState | None) -> RunState | None:
    return None if state is None else RunState.from_json(json.loads(json.dumps(state.to_json())))
