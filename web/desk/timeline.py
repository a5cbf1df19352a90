"""The course of a record in words: who did what, who is asked now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from formloom import people
from formloom.i18n import localized

from web.context import services
from web.desk.because import because_words, people_in
from web.desk.world import World
from web.phrases.marking import N_
from web.speech import gettext

DECIDED = {
    "approve": ("approved", N_("Approved"), "good"),
    "submit": ("submitted", N_("Submitted"), "good"),
    "resubmit": ("submitted", N_("Submitted again"), "good"),
    "reject": ("rejected", N_("Rejected"), "bad"),
    "return": ("returned", N_("Returned"), "warn"),
    "withdraw": ("idle", N_("Withdrawn"), "idle"),
    "acknowledge": ("approved", N_("Seen"), "good"),
    "retry": ("approved", N_("Tried again"), "good"),
    "advise": ("approved", N_("Advised"), "good"),
    "transfer": ("idle", N_("Handed over"), "idle"),
    "delegate": ("idle", N_("Asked for advice"), "idle"),
    "add_before": ("idle", N_("Asked others first"), "idle"),
    "skip": ("approved", N_("Passed over"), "idle"),
    "timeout": ("returned", N_("Out of time"), "warn"),
    "accept": ("approved", N_("Accepted"), "good"),
    "decline": ("idle", N_("Declined"), "warn"),
    "no_answer": ("idle", N_("No answer"), "warn"),
    "hand_over": ("idle", N_("Handed over"), "idle"),
    "stand_in": ("idle", N_("Away: handed to a proxy"), "idle"),
    "take_over": ("idle", N_("Taken over"), "idle"),
    "reassign": ("idle", N_("Given to somebody"), "idle"),
}
PASSED = {
    "same": N_("Agreed already at an earlier step"),
    "own": N_("Their own request"),
    "pass": N_("Went on by itself"),
    "reject": N_("Rejected by itself"),
}
RUNS = {
    "open": (N_("Under way"), "running"),
    "running": (N_("Under way"), "running"),
    "stuck": (N_("Stuck"), "bad"),
    "approved": (N_("Approved"), "good"),
    "done": (N_("Finished"), "good"),
    "finished": (N_("Finished"), "good"),
    "completed": (N_("Finished"), "good"),
    "rejected": (N_("Rejected"), "bad"),
    "withdrawn": (N_("Withdrawn"), "idle"),
    "stopped": (N_("Ended"), "idle"),
    "cancelled": (N_("Cancelled"), "idle"),
}
KINDS = {
    "resubmit": N_("Correct and submit again"),
    "exception": N_("Look into it"),
    "stuck": N_("Nobody could be asked"),
    "incident": N_("Something failed"),
    "advice": N_("Advice"),
    "offer": N_("Offer"),
}
SOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class StepView:
    """A knot of the thread."""

    state: str
    title: str
    word: str = ""
    tone: str = ""
    who: str = ""
    at: datetime | None = None
    due: datetime | None = None
    due_state: str = ""
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its knots."""

    id: int
    title: str
    word: str
    tone: str
    steps: tuple[StepView, ...]
    withdraw: dict[str, Any] | None
    """The button with which the initiator calls the run back."""
    urge: dict[str, Any] | None = None
    """The button that reminds those who are asked."""


def runs_of(world: World, record_id: int, *, run: int | None = None, names: bool = True) -> tuple[RunView, ...]:
    """The runs of a record, the latest first. ``names``: whether colleagues are named (guests see steps alone)."""
    found = _found(world, record_id, run)
    now = world.context.now
    if names:
        found = _with_reasons(world, found)
    actor = world.actor
    urgeable = {one.id for one in found if names and services().flows.seating.may_urge(world.session, one.id, actor)}
    return tuple(_run(one, world.locale, now, names, urgeable=one.id in urgeable) for one in found)


def _with_reasons(world: World, found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Beside each name why they are asked: for whom they stand in, what made them the best."""
    known = people.names(world.session, people_in(moment.because for one in found for moment in one.moments))

    def named(moment: Any) -> Any:
        why = because_words(moment.because, known, world.locale)
        return replace(moment, by=gettext("%(name)s (%(why)s)", name=moment.by or "", why=why)) if why else moment

    return tuple(replace(one, moments=tuple(named(moment) for moment in one.moments)) for one in found)


def _found(world: World, record_id: int, run: int | None) -> tuple[Any, ...]:
    flows, person = services().flows, world.actor.person_id
    if run is None:
        return flows.timeline(world.session, record_id, person)
    return (flows.run(world.session, run, person),)


def run_words(status: str) -> tuple[str, str]:
    """A run's status in a word, and the chip's tone."""
    word, tone = RUNS.get(status, (status, "idle"))
    return gettext(word), tone


def due_state(due: datetime | None, now: datetime) -> str:
    """``late``, ``soon`` or nothing; the words beside it say the same."""
    if due is None:
        return ""
    if due < now:
        return "late"
    return "soon" if due - now < SOON else ""


def _run(run: Any, locale: str, now: datetime, names: bool, *, urgeable: bool = False) -> RunView:
    word, tone = run_words(run.status)
    started = run.started_by or gettext("the system")
    first = StepView(
        "submitted", gettext("Submitted"), who=started if names else "", at=run.started_at, word="", tone="good"
    )
    return RunView(
        run.id,
        localized(run.flow_title, locale),
        word,
        tone,
        (first, *_steps(run.moments, locale, now, names), *_ahead(run, locale)),
        _withdraw(run) if run.may_withdraw else None,
        _urge(run) if urgeable and any(moment.status == "open" for moment in run.moments) else None,
    )


def _urge(run: Any) -> dict[str, Any]:
    return {
        "task": None,
        "submit": {"url": f"/api/v1/runs/{run.id}/urge"},
        "actions": [
            {
                "decision": "urge",
                "label": gettext("Urge"),
                "hint": gettext("reminds those who are asked, once an hour"),
                "comment": "none",
            }
        ],
        "next": f"/records/{run.record}",
    }


def _withdraw(run: Any) -> dict[str, Any]:
    return {
        "task": None,
        "submit": {"url": f"/api/v1/runs/{run.id}/withdraw"},
        "actions": [{"decision": "withdraw", "label": gettext("Withdraw"), "comment": "none"}],
        "next": f"/records/{run.record}",
    }


def _ahead(run: Any, locale: str) -> list[StepView]:
    return [StepView("ahead", localized(title, locale)) for _key, title in run.ahead]


def _reason(moment: Any, locale: str) -> str:
    if moment.reason is None:
        return ""
    if moment.decision in ("skip", "timeout"):
        return gettext(PASSED[moment.reason.key])
    return localized(moment.reason.label, locale)


def _steps(moments: Iterable[Any], locale: str, now: datetime, names: bool) -> list[StepView]:
    """One knot a visit: an open step with several people names them all."""
    steps: list[StepView] = []
    waiting: dict[int, int] = {}
    for moment in moments:
        if moment.status == "open" and moment.visit in waiting:
            at = waiting[moment.visit]
            steps[at] = _joined(steps[at], moment.by or "")
            continue
        if moment.status == "open":
            waiting[moment.visit] = len(steps)
        steps.append(_step(moment, locale, now, names))
    return steps


def _joined(step: StepView, who: str) -> StepView:
    return replace(step, who=gettext("%(one)s or %(other)s", one=step.who, other=who)) if step.who else step


def _step(moment: Any, locale: str, now: datetime, names: bool) -> StepView:
    title = localized(moment.step_title, locale)
    if moment.kind in KINDS:
        title = f"{title} · {gettext(KINDS[moment.kind])}"
    who = (moment.by or "") if names or moment.guest else ""
    if moment.status == "open":
        return StepView(
            "open",
            title,
            gettext("Waiting"),
            "running",
            who,
            moment.opened_at,
            moment.due_at,
            due_state(moment.due_at, now),
        )
    said = "return" if moment.sent_back else moment.decision or ("no_answer" if moment.kind == "offer" else "")
    state, word, tone = DECIDED.get(said, ("idle", N_("Closed"), "idle"))
    return StepView(
        state,
        title,
        gettext(word),
        tone,
        who,
        moment.ended_at,
        reason=_reason(moment, locale),
        comment=(moment.comment or "") if names else "",
    )
