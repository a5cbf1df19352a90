"""What the machine itself puts beside a step: rework by the initiator, an exception, a run that is stuck."""

from dataclasses import dataclass
from typing import cast

from formloom.errors import IllegalTransition, InvalidInput, Issue

from flow_engine.elements.outcome import INITIATOR, Again, Outcome
from flow_engine.elements.who import Initiator, Role
from flow_engine.machine.beside import Beside
from flow_engine.machine.effects import Ask, AskPeople
from flow_engine.machine.events import Decided
from flow_engine.machine.incidents import finish, mend
from flow_engine.machine.offers import Offered, Offering
from flow_engine.machine.overdue import hand_over, transfer_of
from flow_engine.machine.program import Answers, Behaviour
from flow_engine.machine.state import Entry, Kind, Visit
from flow_engine.machine.walk import Walk

ADMIN = Role("admin")
"""Who is asked when a run cannot help itself."""


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
        """Nothing of a person. A guest is given a new link; a run that began by itself has nobody who could rework:
        whoever looks after the flow does, or the administrators."""
        if walk.state.initiator.startswith("person:"):
            return ()
        others = (AskPeople("owner", walk.program.owner),) if walk.program.owner else ()
        return (AskPeople(f"{self.key}.initiator", (Initiator(),)), *others, AskPeople("admin", (ADMIN,)))

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask the initiator, or who acts for them."""
        asked: tuple[str, ...] = (walk.state.initiator,)
        if not walk.state.initiator.startswith("person:"):
            groups = (answers.get(key, ()) for key in (f"{self.key}.initiator", "owner", "admin"))
            asked = next((tuple(found) for found in groups if found), ())
        if asked:
            walk.open_visit(entry.step, "resubmit", asked, because=entry.because)
        else:
            walk.enter(entry.step, "stuck", because="nobody")

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Begin again from the first step, or end."""
        finish(walk, visit, event)
        if event.decision == "withdraw":
            walk.write(self.key, self.on_withdraw)
            walk.end("withdrawn")
            return
        walk.write(self.key, self.on_resubmit)
        again = walk.state.straight.get(INITIATOR) or walk.program.first
        if again is not None:
            walk.enter(again)


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
        mend(walk, visit, skip=event.decision == "skip")


@dataclass(frozen=True)
class Transferred(Beside):
    """Nobody has answered in time: others are asked instead, in the visit that is open."""

    of: Behaviour
    because: str

    @property
    def key(self) -> str:
        """The step that waits."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """Nothing: nobody is asked by this itself."""
        return ()

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who they are, and the administrators in case that there is nobody."""
        _, to = transfer_of(walk, self.of, self.because)
        return (AskPeople(f"{self.key}.transfer", to, walk.item), AskPeople("admin", (ADMIN,)))

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Seat them. Who may not decide here is not asked, as an administrator neither: then it stays as it is."""
        visit, _ = transfer_of(walk, self.of, self.because)
        if visit is not None:
            out = walk.excluded(self.key)
            groups = (answers[f"{self.key}.transfer"], answers["admin"])
            found = (tuple(ref for ref in group if ref not in out) for group in groups)
            hand_over(walk, self.of, visit, next((refs for refs in found if refs), ()))

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Never: it has no visit of its own."""
        raise IllegalTransition("decision_not_offered", {"decision": event.decision, "offered": ()})


def behaviour(walk: Walk, step: str, kind: Kind, because: str = "") -> Behaviour:
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
        case "offer":
            return Offering(cast("Offered", of))
        case "transfer":
            return Transferred(of, because)
