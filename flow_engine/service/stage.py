"""The shell around the machine: plays its effects into a script, answers its questions, until nothing is asked any
more.

Nothing is stored here. `flow_apply_step` stores the script, in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from formloom.errors import InvalidInput, Issue

from flow_engine.definition import CompiledFlow
from flow_engine.definition.view import fields_of, read_only, writes
from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.machine import (
    Answered,
    Ask,
    AskPeople,
    AskRows,
    AskTruth,
    Effect,
    Event,
    RunState,
    advance,
    event_to_json,
)
from flow_engine.machine.effects import (
    CloseTask,
    CloseVisit,
    Copy,
    EndRun,
    FinishTask,
    Item,
    OpenTasks,
    PassOver,
    SetAlarm,
    SetFields,
    SetTimer,
    Tell,
)
from flow_engine.service.people import People, guest_of, person_of
from flow_engine.service.script import Script
from form_engine.definition import CompiledForm, FieldAccess
from form_engine.formula import Context, Env, ErrorValue, PersonValue, RecordValue, Value
from form_engine.records import late
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.forms import Forms
from form_engine.records.plan import plan_update
from form_engine.records.references import check_references, telling_nothing_hidden
from form_engine.records.write import RecordWrite, batch_json

CODES = ("set_failed",)


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
    item: Item = None
    """The row that formulas read as `row.` just now."""

    def drive(self, state: RunState | None, event: Event) -> RunState:
        """Advance until nothing is asked. The journal gets the event with every answer."""
        if state is not None:
            self._note_open(state)
        while True:
            self.script.journal.append(event_to_json(event))
            transition = advance(self.flow.definition, state, event)
            state = transition.state
            self._note_open(state)
            for effect in transition.effects:
                self._play(effect, state)
            if not transition.asks:
                return state
            event = Answered({ask.key: self._answer(ask, state) for ask in transition.asks})

    def change(self, changes: Mapping[str, Any], writable: FieldAccess, actor: Actor) -> None:
        """What the person who acts changes in the record, judged with the step's rights. Raises InvalidInput."""
        session, before = self.people.session(), self.record.data

        def plan(raw: Mapping[str, Any]) -> RecordWrite:
            return plan_update(self.forms, self.form, self.record, raw, self.facts, writable=writable)

        write = telling_nothing_hidden(session, self.forms, self.form, plan, changes, before, actor)
        check_references(session, self.forms, self.form, write, before, actor)
        self._write(write, actor)

    @property
    def value(self) -> RecordValue:
        """The record as formulas read it now."""
        return record_value(self.facts, self.record)

    def env(self) -> Env:
        """Where the flow's formulas are evaluated."""
        return Env(own=self.value, context=self.facts.context)

    def evaluate(self, formula: str) -> Value:
        """A formula of the flow over the record as it is now, and the row at which its step is."""
        if self.item is None:
            return self.flow.evaluate(formula, self.env())
        table = self.flow.definition.step(self.item[0]).rows or ""
        return self.flow.evaluate(formula, replace(self.env(), row=self._row(table, self.item[1])), table)

    def text_of(self, formula: Formula) -> str:
        """A formula's result as plain text; an error or a blank is empty."""
        found = self.evaluate(formula.text)
        return found if isinstance(found, str) else "" if found is None or isinstance(found, ErrorValue) else str(found)

    def person_in(self, formula: Formula) -> int | None:
        """The person whom a formula names."""
        found = self.evaluate(formula.text)
        return found.id if isinstance(found, PersonValue) and isinstance(found.id, int) else None

    def _write(self, write: RecordWrite, actor: Actor) -> None:
        if not write.changes:
            return
        parts = write.parts if isinstance(write.parts, tuple) else ()
        self.looked_at |= {*write.seen, *(part.parent_id for part in parts)}
        self.script.writes.append(batch_json([write], actor, self.now, world=self.forms.mark))
        if self.forms.heard(self.form.key):
            told = {"record": self.record.id, "version": self.record.version + 1}
            self.script.outbox.append({"kind": late.KIND, "payload": told})
        self.record = replace(self.record, data=write.data, version=self.record.version + 1, title=write.title)

    def _note_open(self, state: RunState) -> None:
        for visit in state.open:
            if visit.id not in self.kinds:
                fields = fields_of(self.flow.definition, visit.step, visit.kind, visit.because)
                timers = self.flow.definition.step(visit.step).timers if visit.kind == "step" else 0
                self.kinds[visit.id] = (visit.step, fields, timers)

    def _answer(self, ask: Ask, state: RunState) -> Any:
        if isinstance(ask, AskRows):
            return self._rows(ask.table)
        self.item = ask.item
        if isinstance(ask, AskPeople):
            return list(self.people.find(ask.who, state))
        found = self.evaluate(ask.formula)
        if isinstance(found, ErrorValue):
            return {"error": found.code}
        return found is True if isinstance(ask, AskTruth) else self._moment(found)

    def _moment(self, found: Value) -> str | None:
        """An instant in UTC; a date means its beginning in the workspace's time zone."""
        if isinstance(found, datetime):
            return found.astimezone(UTC).isoformat()
        if isinstance(found, date):
            return datetime.combine(found, time(), self.facts.context.zone).astimezone(UTC).isoformat()
        return None

    def _rows(self, table: str) -> list[str]:
        rows = self.record.data.get(table)
        return [str(row["id"]) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _row(self, table: str, row_id: str) -> RecordValue:
        """A row that has been taken away meanwhile reads as blank."""
        rows = self.value.values.get(table)
        found = (row for row in rows if isinstance(row, RecordValue)) if isinstance(rows, tuple) else ()
        return next((row for row in found if row.id == row_id), RecordValue(f"{self.form.key}.{table}", row_id, {}))

    def _play(self, effect: Effect, state: RunState) -> None:
        self.item = getattr(effect, "item", None)
        match effect:
            case OpenTasks():
                self._open(effect)
            case FinishTask():
                self._finish(effect)
            case CloseTask(visit, ref):
                self.script.drop.append({"visit": visit, "person": person_of(ref)})
            case PassOver(visit, step, ref, because):
                told = {"visit": visit, "step": step, "person": person_of(ref), "because": because}
                self.script.passed.append(told)
            case CloseVisit(visit):
                self.script.close[visit] = self.kinds[visit][2] if visit in self.kinds else 0
            case SetFields(_, assignments):
                self._set(assignments)
            case SetTimer(visit, action, after):
                due = (self.now + after).isoformat()
                self.script.timers.append({"visit": visit, "action": action, "due": due})
            case SetAlarm(visit, at):
                self.script.timers.append({"visit": visit, "action": 0, "due": at.isoformat()})
            case Tell():
                self._tell(effect, state)
            case Copy(step, to, because):
                self._copy(step, self.people.find(to, state), because)
            case EndRun(status):
                person = person_of(state.initiator)
                if person is not None:
                    self.script.notify.append({"person": person, "kind": "run_ended", "params": {"status": status}})

    def _open(self, effect: OpenTasks) -> None:
        _, fields, _ = self.kinds.get(effect.visit, ("", {}, 0))
        if effect.kind == "advice":
            fields = read_only(fields)
        due = (self.now + effect.due).isoformat() if effect.due else None
        common = {"visit": effect.visit, "step": effect.step, "kind": effect.kind, "due": due, "fields": dict(fields)}
        for ref in effect.asked:
            person = person_of(ref)
            if person is not None:
                self.script.ask(person, common, "{read,update}" if writes(fields) else "{read}")
                continue
            guest = self.people.invited[ref]
            expires = (self.now + guest.valid).isoformat()
            link = guest_of(ref)
            self.script.open.append({**common, "guest": link})
            self.script.invite.append({"guest": link, "name": guest.name, "phone": guest.phone, "expires": expires})
            self._post("flow.invite", {"guest": link, "step": effect.step, "email": guest.email})

    def _finish(self, effect: FinishTask) -> None:
        _, fields, _ = self.kinds[effect.visit]
        self.script.finish = {
            "visit": effect.visit,
            "person": person_of(effect.by),
            "guest": guest_of(effect.by),
            "decision": effect.decision,
            "reason": effect.reason,
            "comment": effect.comment,
            "fields": read_only(fields),
        }

    def _set(self, assignments: tuple[Assignment, ...]) -> None:
        """Literals were checked at publish; a formula that gives an error is refused, never written."""
        values, issues = {}, []
        for assignment in assignments:
            if isinstance(assignment.value, Literal):
                values[assignment.field] = assignment.value.value
                continue
            found = self.evaluate(assignment.value.text)
            if isinstance(found, ErrorValue):
                issues.append(Issue(f"/{assignment.field}", "set_failed", {"error": found.code}))
            else:
                values[assignment.field] = self._stored(assignment.field, found)
        if issues:
            raise InvalidInput("invalid_input", issues=tuple(issues))
        write = plan_update(self.forms, self.form, self.record, values, self.facts, writable=None, partial=True)
        self._write(write, Actor.flow(self.flow.key))

    def _stored(self, name: str, value: Value) -> object:
        field = self.form.by_path[name].definition
        return None if value is None else field.type.to_json(value, field.config)

    def _tell(self, effect: Tell, state: RunState) -> None:
        refs = dict.fromkeys((*effect.refs, *self.people.find(effect.to, state)))
        persons = [person for ref in refs if (person := person_of(ref)) is not None]
        guests = [guest for ref in refs if (guest := guest_of(ref)) is not None]
        params = {"step": effect.step, **({"text": effect.text} if effect.text else {})}
        self.script.notify += [{"person": person, "kind": effect.kind, "params": params} for person in persons]
        told = {"kind": effect.kind, "step": effect.step, "subject": effect.subject, "text": effect.text}
        if persons or guests:
            self._post("flow.tell", {**told, "people": persons, "guests": guests})

    def _copy(self, step: str, refs: tuple[str, ...], because: str) -> None:
        fields = dict(read_only(fields_of(self.flow.definition, step, "step")))
        persons = [person for ref in refs if (person := person_of(ref)) is not None]
        for person in persons:
            self.script.ask(
                person, {"visit": 0, "step": step, "kind": "cc", "fields": fields, "told": because}, "{read}"
            )
        if because == "escalated" and persons:
            self._post("flow.tell", {"kind": "escalation", "step": step, "people": persons, "guests": []})

    def _post(self, kind: str, payload: dict[str, Any]) -> None:
        self.script.outbox.append({"kind": kind, "payload": payload})


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
