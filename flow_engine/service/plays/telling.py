"""What people hear: reminders, notices, copies, and that a run is over."""

from typing import TYPE_CHECKING, Any

from flow_engine.definition.view import fields_of, read_only
from flow_engine.machine import RunState
from flow_engine.machine.effects import Copy, EndRun, Tell
from flow_engine.service.people import guest_of, person_of

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def tell(stage: "Stage", effect: Tell, state: RunState) -> None:
    """A line under the bell, and a message where there is an address."""
    refs = dict.fromkeys((*effect.refs, *stage.people.find(effect.to, state)))
    persons = [person for ref in refs if (person := person_of(ref)) is not None]
    guests = [guest for ref in refs if (guest := guest_of(ref)) is not None]
    params = {"step": effect.step, **({"text": effect.text} if effect.text else {})}
    stage.script.notify += [{"person": person, "kind": effect.kind, "params": params} for person in persons]
    told = {"kind": effect.kind, "step": effect.step, "subject": effect.subject, "text": effect.text}
    if persons or guests:
        stage.script.post("flow.tell", {**told, "people": persons, "guests": guests})


def copy(stage: "Stage", effect: Copy, state: RunState) -> None:
    """A row under `copied to me`, with the right to open the record."""
    fields = dict(read_only(fields_of(stage.flow.definition, effect.step, "step")))
    refs = stage.people.find(effect.to, state)
    persons = [person for ref in refs if (person := person_of(ref)) is not None]
    for person in persons:
        task = {"visit": 0, "step": effect.step, "kind": "cc", "fields": fields, "told": effect.because}
        stage.script.ask(person, task, "{read}")
    if effect.because == "escalated" and persons:
        stage.script.post("flow.tell", {"kind": "escalation", "step": effect.step, "people": persons, "guests": []})


def end_run(stage: "Stage", effect: EndRun, state: RunState) -> None:
    """The initiator hears of it."""
    person = person_of(state.initiator)
    if person is not None:
        stage.script.notify.append({"person": person, "kind": "run_ended", "params": {"status": effect.status}})


PLAYS: dict[type, Any] = {Tell: tell, Copy: copy, EndRun: end_run}
