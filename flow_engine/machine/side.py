"""What the machine itself puts beside a step: rework by the initiator, an exception, a run that is stuck."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formloom.errors import IllegalTransition, InvalidInput, Issue

from flow_engine.elements.due import Due
from flow_engine.elements.outcome import Again, Outcome
from flow_engine.elements.who import Role
from flow_engine.machine.effects import Ask, AskPeople
from flow_engine.machine.events import Decided, Reseated, TakenBack
from flow_engine.machine.incidents import finish, mend
from flow_engine.machine.state import Entry, Kind, Visit
from flow_engine.machine.walk import Answers, Behaviour, Walk

ADMIN = Role("admin")
"""Who is asked when a run cannot help itself."""


class Beside:
    """What all of them share: no timers, no lists inside, nobody else to ask."""

    def reseat(self, walk: Walk, visit: Visit, event: Reseated) -> None:
        """Whoever mends something does it themselves."""
        raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": ()})

    def take_back(self, walk: Walk, visit: Visit, event: TakenBack) -> None:
        """What was mended stays so."""
        raise IllegalTransition("decision_not_offered", {"decision": "take_back", "offered": ()})

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """Nothing is due."""

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """Nothing is waited for outside."""

    def list_ended(self, walk: Walk) -> None:
        """Nothing stands inside."""

    def due_actions(self) -> Due | None:
        """None: nobody hurries whoever mends something."""
        return None


@dataclass(frozen=True)
class Resubmit(Beside):
    """A return to the initiator, who improves the record and hands it in again (the walk starts anew), or withdraws."""

    of: Behaviour
    on_resubmit: Outcome
    on_withdraw: Outcome

    @property
    def key(self) -> str:
        """The step that was returned."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided."""
        return ("resubmit", "withdraw")

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Nothing: the initiator is known."""
        return ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask the initiator."""
        walk.open_visit(entry.step, "resubmit", (walk.state.initiator,), because=entry.because)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Begin again from the first step, or end."""
        finish(walk, visit, event)
        if event.decision == "withdraw":
            walk.write(self.key, self.on_withdraw)
            walk.end("withdrawn")
            return
        walk.write(self.key, self.on_resubmit)
        if walk.program.first is not None:
            walk.enter(walk.program.first)


@dataclass(frozen=True)
class Exceptional(Beside):
    """Something was rejected too often: somebody must take note, while the run goes its way."""

    of: Behaviour
    again: Again

    @property
    def key(self) -> str:
        """The step that was rejected."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided."""
        return ("acknowledge",)

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who takes note; the administrators if nobody does."""
        return (AskPeople(f"{self.key}.exception", self.again.to, walk.item), AskPeople("admin", (ADMIN,)))

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask them, beside everything else."""
        asked = tuple(answers[f"{self.key}.exception"]) or tuple(answers["admin"])
        walk.open_visit(entry.step, "exception", asked, because=entry.because)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Noted."""
        finish(walk, visit, event)


@dataclass(frozen=True)
class Stuck(Beside):
    """The step could not be entered. An administrator mends the reason and has it tried again."""

    of: Behaviour

    @property
    def key(self) -> str:
        """The step that could not be entered."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided."""
        return ("retry",)

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who administers."""
        return (AskPeople("admin", (ADMIN,)),)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask the administrators; the run says that it is stuck."""
        walk.set_status("stuck")
        walk.open_visit(entry.step, "stuck", tuple(answers["admin"]), because=entry.because)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Try the step again."""
        finish(walk, visit, event)
        walk.look_up()
        walk.enter(visit.step)


@dataclass(frozen=True)
class Incident(Beside):
    """Something failed that the run was about to do. Administrators, and whoever looks after the flow, have it done
    again or leave it out; incidents.py says what that means."""

    of: Behaviour

    @property
    def key(self) -> str:
        """The step that failed."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided."""
        return ("retry", "skip")

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who administers, and who looks after this flow."""
        admins = AskPeople("admin", (ADMIN,))
        return (AskPeople("owner", walk.program.owner), admins) if walk.program.owner else (admins,)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask them; the run says that it is stuck."""
        walk.set_status("stuck")
        refs = (*answers.get("owner", ()), *answers["admin"])
        walk.open_visit(entry.step, "incident", refs, because=entry.because, trouble=entry.trouble)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Again, or without what failed; who leaves something out says why."""
        if event.decision == "skip" and not (event.comment or "").strip():
            raise InvalidInput("invalid_input", issues=(Issue("/comment", "required"),))
        finish(walk, visit, event)
        walk.look_up()
        mend(walk, visit, skip=event.decision == "skip")


def behaviour(walk: Walk, step: str, kind: Kind) -> Behaviour:
    """Who speaks for a visit: the step, or what stands beside it."""
    of = walk.program.step(step)
    match kind:
        case "step":
            return of
        case "resubmit":
            resubmit: Outcome = getattr(of, "on_resubmit", Outcome())
            withdraw: Outcome = getattr(of, "on_withdraw", None) or walk.program.on_withdraw or Outcome()
            return Resubmit(of, resubmit, withdraw)
        case "exception":
            reject: Outcome = getattr(of, "on_reject", Outcome())
            return Exceptional(of, reject.again or Again(1, (ADMIN,)))
        case "stuck":
            return Stuck(of)
        case "incident":
            return Incident(of)
