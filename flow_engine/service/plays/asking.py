"""Tasks: who is asked, who has decided, who is not asked any more."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flow_engine.definition.view import read_only, writes
from flow_engine.machine import RunState
from flow_engine.machine.effects import CloseTask, CloseVisit, FinishTask, OpenTasks, PassOver, TakeTurn
from flow_engine.service.moments import due_at
from flow_engine.service.people import guest_of, person_of
from flow_engine.service.plays.calling import UNCALL
from flow_engine.steps.call import Call

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def open_tasks(stage: "Stage", effect: OpenTasks, state: RunState) -> None:
    """A task and the rights for it, for each person; a link for a guest."""
    script = stage.script
    _, fields, _ = stage.kinds.get(effect.visit, ("", {}, 0))
    if effect.kind == "advice":
        fields = read_only(fields)
    due = due_at(stage, effect.due) if effect.due else None
    common = {"visit": effect.visit, "step": effect.step, "kind": effect.kind, "fields": dict(fields)}
    common["due"] = due.isoformat() if due is not None else None
    whys = [_why(effect.visit, ref, why) for ref, why in effect.whys.items()]
    if whys:
        script.more.append({"fn": "flow_more_because", "told": whys})
    for ref in effect.asked:
        person = person_of(ref)
        if person is not None:
            script.ask(person, common, "{read,update}" if writes(fields) else "{read}")
            continue
        guest = stage.people.invited[ref]
        expires = (stage.now + guest.valid).isoformat()
        link = guest_of(ref)
        script.open.append({**common, "guest": link})
        script.invite.append({"guest": link, "name": guest.name, "phone": guest.phone, "expires": expires})
        script.post("flow.invite", {"guest": link, "step": effect.step, "email": guest.email})


def _why(visit: int, ref: str, why: Mapping[str, Any]) -> dict[str, Any]:
    """People by their ids."""
    told = {key: person_of(value) if key in ("for", "by", "of") else value for key, value in why.items()}
    return {"visit": visit, "person": person_of(ref), "because": told}


def take_turn(stage: "Stage", effect: TakeTurn, state: RunState) -> None:
    """They come last the next time."""
    told = {"flow": stage.flow.key, "step": effect.step, "person": person_of(effect.ref)}
    stage.script.more.append({"fn": "flow_more_turn", **told})


def finish_task(stage: "Stage", effect: FinishTask, state: RunState) -> None:
    """The task of whoever decided."""
    _, fields, _ = stage.kinds[effect.visit]
    stage.script.finish = {
        "visit": effect.visit,
        "person": person_of(effect.by),
        "guest": guest_of(effect.by),
        "decision": effect.decision,
        "reason": effect.reason,
        "comment": effect.comment,
        "fields": read_only(fields),
    }


def close_task(stage: "Stage", effect: CloseTask, state: RunState) -> None:
    """One task of a visit that goes on; a guest's link opens nothing any more."""
    told = {"visit": effect.visit, "person": person_of(effect.ref), "guest": guest_of(effect.ref)}
    stage.script.drop.append(told)


def pass_over(stage: "Stage", effect: PassOver, state: RunState) -> None:
    """A task that is done before it was asked."""
    told = {"visit": effect.visit, "step": effect.step, "person": person_of(effect.ref), "because": effect.because}
    told["decision"] = effect.decision
    stage.script.passed.append(told)


def close_visit(stage: "Stage", effect: CloseVisit, state: RunState) -> None:
    """Everything that is open for a visit, with its timers, and runs that it called and waits for."""
    step, _, timers = stage.kinds.get(effect.visit, ("", {}, 0))
    stage.script.close[effect.visit] = timers
    if step and isinstance(stage.flow.definition.step(step), Call):
        stage.script.post(UNCALL, {"visit": effect.visit})


PLAYS: dict[type, Any] = {
    OpenTasks: open_tasks,
    FinishTask: finish_task,
    CloseTask: close_task,
    PassOver: pass_over,
    CloseVisit: close_visit,
    TakeTurn: take_turn,
}
