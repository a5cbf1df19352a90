"""What people hear: reminders, notices, copies, and that a run is over."""

from typing import TYPE_CHECKING, Any

from flow_engine.definition.view import fields_of, read_only
from flow_engine.machine import RunState
from flow_engine.machine.effects import Copy, EndRun, Tell
from flow_engine.service.people import guest_of, person_of
from flow_engine.service.plays.calling import RETURN

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def tell(stage: "Stage", effect: Tell, state: RunState) -> None:
    """A line under the bell, and messages by the ways that each person has. What a notice says is filled in for each
    of them behind the step, with what they may read.
    """
    refs = dict.fromkeys((*effect.refs, *stage.people.find(effect.to, state)))
    persons = [person for ref in refs if (person := person_of(ref)) is not None]
    guests = [guest for ref in refs if (guest := guest_of(ref)) is not None and ref not in stage.people.invited]
    bots = [way.removeprefix("bot:") for way in effect.channels or () if way.startswith("bot:")]
    told: dict[str, Any] = {"kind": effect.kind, "step": effect.step, "people": persons, "guests": guests}
    if effect.kind == "notice":
        named = list(effect.channels) if effect.channels is not None else None
        told |= {"subject": effect.subject, "text": effect.text, "channels": named, "bots": bots}
        told |= {"attach": list(effect.attach), "must": effect.must}
    else:
        lines = [{"person": person, "kind": effect.kind, "params": {"step": effect.step}} for person in persons]
        stage.script.notify += lines
    if persons or guests or bots:
        stage.script.post("flow.tell", told)


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
    """The initiator hears of it, and the run that waits for it."""
    person = person_of(state.initiator)
    if person is not None:
        stage.script.notify.append({"person": person, "kind": "run_ended", "params": {"status": effect.status}})
    if state.called:
        stage.script.post(RETURN, {})


PLAYS: dict[type, Any] = {Tell: tell, Copy: copy, EndRun: end_run}
