"""The shell around the machine: plays its effects into a script, answers its questions, until nothing is asked any
more.

Nothing is stored here. `flow_apply_step` stores the script, in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from formloom.errors import Conflict, InvalidDefinition
from formloom.frozen import replace

from flow_engine.clocks.state import Changed, Happening
from flow_engine.definition import CompiledFlow
from flow_engine.definition.view import fields_of
from flow_engine.elements.value import Formula
from flow_engine.elements.who import Best
from flow_engine.machine import (
    Answered,
    Ask,
    AskPeople,
    AskTruth,
    Effect,
    Event,
    Failed,
    Operated,
    RunState,
    advance,
    event_to_json,
)
from flow_engine.machine.effects import Item
from flow_engine.machine.state import Blame
from flow_engine.machine.walk import blame
from flow_engine.service import live
from flow_engine.service.answers import ANSWERS
from flow_engine.service.candidates import ranked
from flow_engine.service.clocks.keep import keep
from flow_engine.service.live import Live
from flow_engine.service.people import People, person_of
from flow_engine.service.plays import PLAYS
from flow_engine.service.saw import seen
from flow_engine.service.script import Script
from flow_engine.service.trouble import NEUTRAL, tripped
from form_engine.definition import CompiledForm, FieldAccess
from form_engine.formula import Context, Env, ErrorValue, PersonValue, RecordValue, Value
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.forms import Forms
from form_engine.records.plan import plan_update
from form_engine.records.references import check_references, telling_nothing_hidden
from form_engine.records.write import RecordWrite, batch_json


@dataclass
class Stage:
    """One step being played: the record as it becomes, and the script so far."""

    flow: CompiledFlow
    form: CompiledForm
    forms: Forms
    facts: Facts
    record: Fact
    people: People
    script: Script
    now: datetime
    looked_at: set[int] = field(default_factory=set)
    """The records whose totals a write read or moves."""
    kinds: dict[int, tuple[str, Mapping[str, str], int]] = field(default_factory=dict)
    """Of the visits open before and during this step: the step, its fields, and how many timers it may have set."""
    happened: list[Happening] = field(default_factory=list)
    """What the flow's clocks must hear of: steps that the walk came to or passed, and what the record became."""
    began: Fact = field(init=False)
    """The record as it was before this step."""
    item: Item = None
    """The row that formulas read as `row.` just now."""
    writers: list[Blame | None] = field(default_factory=list)
    """Who made each of the script's writes: an effect, or None for the person who acts."""
    live: Live | None = None
    """The transaction in which it writes at once, where it writes beside its record; None: there is none (yet)."""

    def __post_init__(self) -> None:
        """Remember how it began."""
        self.began = self.record

    def drive(self, state: RunState | None, event: Event) -> RunState:
        """Advance until nothing is asked. The journal gets the event with every answer.

        Raises what the machine refuses, and `Tripped` where something cannot be done: then the stage is to be thrown
        away.
        """
        first, before = event, state
        if self.flow.definition.lost and not _needs_no_flow(event):
            raise tripped(InvalidDefinition("definition_lost"), event, ("", "", ""))
        if state is not None:
            self._note_open(state)
            self._speak_for(state, event)
        while True:
            self.script.journal.append(event_to_json(event))
            transition = advance(self.flow.definition, state, event)
            state = transition.state
            self._note_open(state)
            for effect in transition.effects:
                self._play(effect, state, first)
            if not transition.asks:
                if self.flow.definition.clocks:
                    keep(self, before, first, state)
                return state
            saw: dict[str, Any] = {}
            answers = {ask.key: self._answer(ask, state, first, saw) for ask in transition.asks}
            event = Answered(answers, saw or None)

    def _speak_for(self, state: RunState, event: Event) -> None:
        """What an incident kept happens as whoever decided it: they are `ME()`, not the administrator who mends it."""
        visit = state.visit(getattr(event, "visit", None) or 0)
        kept = visit.trouble.event if visit is not None and visit.trouble is not None else None
        person = person_of(str(kept.get("by", ""))) if kept else None
        if person is not None:
            self.facts.context = replace(self.facts.context, me=PersonValue(person))

    def change(self, changes: Mapping[str, Any], writable: FieldAccess, actor: Actor) -> None:
        """What the person who acts changes in the record, judged with the step's rights. Raises InvalidInput."""
        session, before = self.people.session(), self.record.data

        def plan(raw: Mapping[str, Any]) -> RecordWrite:
            return plan_update(self.forms, self.form, self.record, raw, self.facts, writable=writable)

        write = telling_nothing_hidden(session, self.forms, self.form, plan, changes, before, actor)
        check_references(session, self.forms, self.form, write, before, actor)
        self.write(lambda: write, actor)
        self.writers = [None] * len(self.script.writes)

    @property
    def judging(self) -> Facts:
        """What rules about the record see: the world without what the record itself adds to totals."""
        if self.live is None or self.live.savepoint is None:
            return self.facts
        facts = live.facts_for(self, [self.record.id])
        facts.add([self.record])
        return facts

    @property
    def value(self) -> RecordValue:
        """The record as formulas read it now."""
        return record_value(self.facts, self.record)

    @property
    def scope(self) -> str:
        """The scope of the formulas of the step that acts just now."""
        return "" if self.item is None else self.flow.definition.step(self.item[0]).rows or ""

    def env(self) -> Env:
        """Where the flow's formulas are evaluated: the record as it is now, and the row at which the step is."""
        env = Env(own=self.value, context=self.facts.context)
        return env if self.item is None else replace(env, row=self._row(self.scope, self.item[1]))

    def evaluate(self, formula: str) -> Value:
        """A formula of the flow, here and now."""
        return self.flow.evaluate(formula, self.env(), self.scope)

    def text_of(self, formula: Formula) -> str:
        """A formula's result as plain text; an error or a blank is empty."""
        found = self.evaluate(formula.text)
        return found if isinstance(found, str) else "" if found is None or isinstance(found, ErrorValue) else str(found)

    def persons_in(self, formula: Formula) -> tuple[int, ...]:
        """The people whom a formula names: one, or a list of them."""
        found = self.evaluate(formula.text)
        several = found if isinstance(found, tuple) else (found,)
        return tuple(one.id for one in several if isinstance(one, PersonValue) and isinstance(one.id, int))

    def best_of(self, best: Best, state: RunState) -> tuple[str, ...]:
        """The best of several, where one is wanted at once."""
        found = tuple(one.ref for one in ranked(self, best, 0, AskPeople("", (best,)), state))[:1]
        if best.goes_round:
            told = ({"flow": self.flow.key, "step": "", "person": person_of(ref)} for ref in found)
            self.script.more += [{"fn": "flow_more_turn", **turn} for turn in told]
        return found

    def write(self, plan: Callable[[], RecordWrite], actor: Actor) -> None:
        """Have the script write the record; the stage goes on with what it becomes. Where it writes at once already, so
        is this."""
        before = self.record.data
        if self.live is not None and self.live.savepoint is not None:
            live.write(self, lambda: (plan(),))
            if self.record.data != before:
                self.happened.append(Changed(before, self.record.data))
            return
        write = plan()
        if not write.changes:
            return
        if self.record.deleted:
            raise Conflict("record_in_bin", {"record": self.record.id})
        self.happened.append(Changed(before, write.data))
        parts = write.parts if isinstance(write.parts, tuple) else ()
        self.looked_at |= {*write.seen, *(part.parent_id for part in parts)}
        self.script.writes.append(batch_json([write], actor, self.now, world=self.forms.mark))
        self.record = replace(self.record, data=write.data, version=self.record.version + 1, title=write.title)

    def _note_open(self, state: RunState) -> None:
        for visit in state.open:
            if visit.id not in self.kinds:
                fields = fields_of(self.flow.definition, visit.step, visit.kind, visit.because)
                timers = self.flow.definition.step(visit.step).timers if visit.kind == "step" else visit.kind == "offer"
                self.kinds[visit.id] = (visit.step, fields, int(timers))

    def _row(self, table: str, row_id: str) -> RecordValue:
        """A row, or a record, that has been taken away meanwhile reads as blank."""
        if table.startswith("@"):
            return self.facts.fetch(table[1:], int(row_id)) or RecordValue(table[1:], int(row_id), {})
        rows = self.value.values.get(table)
        found = (row for row in rows if isinstance(row, RecordValue)) if isinstance(rows, tuple) else ()
        return next((row for row in found if row.id == row_id), RecordValue(f"{self.form.key}.{table}", row_id, {}))

    def _answer(self, ask: Ask, state: RunState, event: Event, saw: dict[str, Any]) -> Any:
        self.item = getattr(ask, "item", None)
        blamed = blame(ask, state.entering[0].step)
        if blamed in state.skips:
            return NEUTRAL.get(type(ask).__name__)
        try:
            answer = ANSWERS[type(ask)](self, ask, state)
            if isinstance(ask, AskTruth):
                saw[ask.key] = seen(self, ask.formula)
            return answer
        except Exception as error:
            raise tripped(error, event, blamed) from error

    def _play(self, effect: Effect, state: RunState, event: Event) -> None:
        self.item = getattr(effect, "item", None)
        try:
            PLAYS[type(effect)](self, effect, state)
        except Exception as error:
            raise tripped(error, event, blame(effect)) from error
        while len(self.writers) < len(self.script.writes):
            self.writers.append(blame(effect))


def _needs_no_flow(event: Event) -> bool:
    return isinstance(event, Failed) or (isinstance(event, Operated) and event.act == "cancel")


def context_of(now: datetime, zone: ZoneInfo, initiator: int | None, actor: Actor) -> Context:
    """Who asks and when, for every formula of a step."""
    me = PersonValue(actor.person_id) if actor.person_id is not None else None
    if actor.guest_id is not None:
        me = PersonValue(f"guest:{actor.guest_id}", actor.name)
    return Context(
        me=me,
        initiator=PersonValue(initiator) if initiator is not None else None,
        today=now.astimezone(zone).date(),
        now=now,
        roles=actor.roles,
        zone=zone,
    )
