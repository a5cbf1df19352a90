"""approve: one of them, all of them, one after another or a share of them agree, reject, or send it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from formloom.errors import Conflict, IllegalTransition, InvalidInput, Issue
from formloom.frozen import replace

from flow_engine.elements.outcome import NOTHING, Outcome, parse_outcome
from flow_engine.elements.uses import Uses
from flow_engine.elements.who import Manager, Managers
from flow_engine.machine.effects import Ask, AskPeople, FinishTask, PassOver
from flow_engine.machine.events import ACTS, Decided, Reseated, TakenBack
from flow_engine.machine.found import Found, found_in
from flow_engine.machine.program import Answers
from flow_engine.machine.seats import (
    Mode,
    Place,
    Seat,
    Seats,
    add,
    alone,
    put,
    seat_of,
    seated,
    settled,
    verdict,
    voices_of,
)
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, StepType, ref
from flow_engine.steps.people import SCHEMA, PeopleStep, people_frame

CODES = ("already_asked", "took_part", "already_acted_on", "not_added_by_you", "wrong_number", "too_many")
MOST_SEATS = 200


@dataclass(frozen=True, kw_only=True)
class Approve(PeopleStep):
    """How many must agree is `mode`; `weights` count the voices of each entry of `by`.

    `may`: what those who are asked may do about who decides. `on_take_back`: what taking back an approval sets, once
    the run has gone on; None where that cannot be.
    """

    mode: Mode = "any"
    weights: tuple[int, ...] = ()
    may: frozenset[str] = frozenset(ACTS)
    on_approve: Outcome = NOTHING
    on_reject: Outcome = NOTHING
    on_take_back: Outcome | None = None
    returns: tuple[Outcome, ...] = ()

    @property
    def decisions(self) -> tuple[str, ...]:
        """Returning is offered where the definition says where to."""
        return ("approve", "reject", "return") if self.returns else ("approve", "reject")

    # -- who is asked -------------------------------------------------------------------------------------------------

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Besides the people: whose voice counts how much, and who stands above the initiator."""
        asked = super().asks(walk)
        if self.weights:
            asked += tuple(
                AskPeople(f"{self.key}.by.{at}", (who,), walk.item, to_act=True) for at, who in enumerate(self.by)
            )
        if walk.program.own_request == "manager":
            asked += (AskPeople("manager", (Manager(1),)),)
        return asked

    def instead(self, walk: Walk, found: tuple[Found, ...], answers: Answers) -> tuple[Found, ...]:
        """Their own request, or that of whom they stand in for: the initiator is left out where others are there, or
        gives way to their manager."""
        own = walk.state.initiator
        others = tuple(one for one in found if own not in one.voices)
        if len(others) == len(found) or walk.program.own_request == "ask":
            return found
        if walk.program.own_request == "manager":
            above = found_in(answers["manager"])
            several = (each for one in found for each in (above if own in one.voices else (one,)))
            return tuple({one.ref: one for one in several}.values())
        return others or found

    def open(self, walk: Walk, asked: tuple[Found, ...], answers: Answers) -> None:
        """Ask them; whoever has agreed already on this walk need not say it again, where the flow says so."""
        heard = ((at, found_in(answers.get(f"{self.key}.by.{number}"))) for number, at in enumerate(self.weights))
        weights = {one.ref: at for at, found in heard for one in found}
        places, passed = seated(asked, self.mode, weights), self._passed_over(walk, asked)
        for number, seat in enumerate(places):
            if seat.ref in passed:
                places = alone(put(places, number, state="agreed"), number)
        places = settled(places)
        enough = bool(passed) and verdict(places, self.mode) == "agreed"
        if enough:
            places = tuple(replace(seat, state="off") if seat.state == "asked" else seat for seat in places)
        visit = walk.open_visit(self.key, "step", (), due=None if enough else self.due, seats=places)
        for who, because in passed.items():
            walk.do(PassOver(visit.id, self.key, who, because))
        if enough:
            self._agreed(walk, visit, places)

    def _passed_over(self, walk: Walk, asked: tuple[Found, ...]) -> dict[str, str]:
        steps, how = list(walk.state.agreed.values()), walk.program.same_approver
        before = {"ask": [], "skip": steps, "skip_adjacent": steps[-1:]}[how]
        passed = {one.ref: "same" for one in asked if any(not set(agreed).isdisjoint(one.voices) for agreed in before)}
        own = walk.program.own_request == "skip" and all(walk.state.initiator in one.voices for one in asked)
        return {one.ref: "own" for one in asked} if own else passed

    def on_passed(self, walk: Walk) -> None:
        """As if they had agreed."""
        walk.write(self.key, self.on_approve)
        walk.go_on_after(self.key)

    def timed_out(self, walk: Walk, visit: Visit, decides: str) -> None:
        """The time decides for those who have not: the step passes, or is rejected."""
        if decides == "pass":
            super().timed_out(walk, visit, decides)
            return
        for who in visit.asked:
            walk.do(PassOver(visit.id, self.key, who, decides, "timeout"))
        self._turn_down(walk, visit, "reject", self.on_reject)

    # -- what they decide ---------------------------------------------------------------------------------------------

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Agree, reject, send back; or advise whoever asked for it."""
        number = _number(visit, event.by)
        outcome = self.chosen(walk, event.to) if event.decision == "return" else self.on_reject
        if event.decision in ("reject", "return"):
            check_words(event, outcome)
        walk.do(FinishTask(visit.id, event.by, event.decision, event.reason, event.comment))
        if event.decision == "advise":
            seat = visit.seats[number]
            walk.reseat(visit, put(visit.seats, number, ref=seat.of, of=""), spoken=event.by, due=self.due)
            return
        walk.remember_deciders(self.key, visit.seats[number].voices)
        if event.decision == "return":
            self._turn_down(walk, visit, "return", outcome)
            return
        said: Seats = put(visit.seats, number, state="agreed" if event.decision == "approve" else "against")
        self._weigh(walk, visit, settled(alone(said, number)), spoken=event.by)

    def chosen(self, walk: Walk, target: str | None) -> Outcome:
        """The return that goes to this target; the only one there is, if none is named."""
        if target is None and len(self.returns) == 1:
            return self.returns[0]
        for outcome in self.returns:
            if outcome.return_to is not None and walk.program.return_to(self.key, outcome.return_to) == target:
                return outcome
        raise InvalidInput("invalid_input", issues=(Issue("/to_step", "not_an_option"),))

    def _weigh(self, walk: Walk, visit: Visit, seats: Seats, *, spoken: str = "") -> None:
        match verdict(seats, self.mode):
            case "open":
                walk.reseat(visit, seats, spoken=spoken, due=self.due)
            case "agreed":
                self._agreed(walk, visit, seats)
            case "against":
                self._turn_down(walk, visit, "reject", self.on_reject)

    def _agreed(self, walk: Walk, visit: Visit, seats: Seats) -> None:
        walk.close_visit(visit)
        walk.remember_agreed(self.key, tuple(ref for seat in seats if seat.state == "agreed" for ref in seat.voices))
        walk.write(self.key, self.on_approve)
        walk.go_on_after(self.key)

    def _turn_down(self, walk: Walk, visit: Visit, decision: str, outcome: Outcome) -> None:
        walk.close_visit(visit)
        walk.write(self.key, outcome)
        if decision == "reject":
            rejections = walk.count_rejection(self.key)
            if outcome.again and rejections >= outcome.again.after:
                walk.enter(self.key, "exception", because=str(rejections))
        if outcome.return_to is None:
            walk.end("rejected")
        else:
            target = walk.program.return_to(self.key, outcome.return_to)
            walk.go_back_to(target, self.key, decision, straight=outcome.straight)

    # -- who decides instead, as well, or no more ---------------------------------------------------------------------

    def reseat(self, walk: Walk, visit: Visit, event: Reseated) -> None:
        """Transfer, delegate, add signers, take them off."""
        number = _number(visit, event.by)
        seat = visit.seats[number]
        if event.act not in self.may or seat.of or event.by.startswith("guest:"):
            raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": sorted(self.may)})
        self._check_people(walk, visit, event)
        if event.act != "take_off":
            visit = walk.quiet(visit, alone(visit.seats, number))
        done = FinishTask(visit.id, event.by, event.act, None, event.comment)
        match event.act:
            case "transfer":
                walk.do(done)
                walk.reseat(visit, put(visit.seats, number, ref=event.people[0]), spoken=event.by, due=self.due)
            case "delegate":
                walk.do(done)
                seats = put(visit.seats, number, ref=event.people[0], of=event.by)
                walk.reseat(visit, seats, spoken=event.by, due=self.due)
            case "add_before":
                walk.do(done)
                walk.reseat(visit, add(visit.seats, number, event.people, "before"), spoken=event.by, due=self.due)
            case "add_beside" | "add_after":
                place: Place = "after" if event.act == "add_after" else "beside"
                walk.reseat(visit, add(visit.seats, number, event.people, place), due=self.due)
            case _:
                seats = visit.seats
                for who in event.people:
                    seats = put(seats, _added(visit, who, event.by), state="off")
                self._weigh(walk, visit, seats)

    def take_back(self, walk: Walk, visit: Visit, event: TakenBack) -> None:
        """Their seat is asked again, and those who were asked because of it are not."""
        if walk.state.visit(visit.id) is None:
            self._reopen(walk, visit, event)
            return
        number = seat_of(visit.seats, event.by, "agreed")
        followed = [seat for seat in visit.seats if number in seat.after and seat.state in ("agreed", "against")]
        if number is None or followed:
            raise Conflict("already_acted_on")
        seats = tuple(
            replace(seat, state="waiting") if number in seat.after and seat.state == "asked" else seat
            for seat in visit.seats
        )
        for who in visit.seats[number].voices:
            walk.forget_decider(self.key, who)
        walk.reseat(visit, put(seats, number, state="asked"), due=self.due)

    def _reopen(self, walk: Walk, visit: Visit, event: TakenBack) -> None:
        last = walk.state.last
        if self.on_take_back is None or last is None:
            raise IllegalTransition("decision_not_offered", {"decision": "take_back", "offered": ()})
        for opened in walk.state.open:
            if opened.id > last.visits and opened.lane == visit.lane:
                walk.close_visit(opened)
        for who in voices_of(last.visit.seats, event.by):
            walk.forget_decider(self.key, who)
        agreed = {step: who for step, who in walk.state.agreed.items() if step != self.key}
        walk.state = replace(walk.state, agreed=agreed)
        walk.look_up()
        walk.write(self.key, self.on_take_back)
        walk.open_visit(self.key, "step", (), due=self.due, seats=visit.seats)

    def _check_people(self, walk: Walk, visit: Visit, event: Reseated) -> None:
        sitting = {seat.ref for seat in visit.seats if seat.state != "off"}
        one = event.act in ("transfer", "delegate")
        if not event.people or (one and len(event.people) != 1) or len(set(event.people)) != len(event.people):
            raise InvalidInput("invalid_input", issues=(Issue("/people", "wrong_number"),))
        if event.act == "take_off":
            return
        if len(visit.seats) + len(event.people) > MOST_SEATS:
            raise InvalidInput("invalid_input", issues=(Issue("/people", "too_many", {"max": MOST_SEATS}),))
        for who in event.people:
            if who in sitting:
                raise Conflict("already_asked", {"ref": who})
            if who in walk.excluded(self.key):
                raise Conflict("took_part", {"ref": who})

    def uses(self) -> Uses:
        """Besides what asking people uses: what each outcome sets, and where it leads."""
        outcomes = [("/on_approve", self.on_approve), ("/on_reject", self.on_reject)]
        outcomes += [(f"/returns/{number}", outcome) for number, outcome in enumerate(self.returns)]
        outcomes += [("/on_take_back", self.on_take_back)] if self.on_take_back is not None else []
        base = super().uses()
        again = self.on_reject.again
        return replace(
            base,
            people=(*base.people, ("/on_reject/again/to", again.to if again else ())),
            writes=(*base.writes, *((f"{at}/set", outcome.set) for at, outcome in outcomes)),
            fields=(*base.fields, *((f"{at}/return_to/fields", tuple(o.fields or ())) for at, o in outcomes)),
            targets=tuple((f"{at}/return_to", o) for at, o in outcomes if o.return_to is not None),
        )


def _number(visit: Visit, who: str) -> int:
    number = seat_of(visit.seats, who, "asked")
    if number is None:
        raise IllegalTransition("not_asked", {"step": visit.step})
    return number


def _added(visit: Visit, who: str, by: str) -> int:
    """The seat that `by` added for `who`, and that has not spoken."""
    number = seat_of(visit.seats, who, "asked", "waiting")
    seat: Seat | None = visit.seats[number] if number is not None else None
    if number is None or seat is None or seat.by != by:
        raise Conflict("not_added_by_you", {"ref": who})
    return number


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
    people = people_frame(raw, pointer)
    chain = any(isinstance(who, Managers) for who in people["by"])
    mode = raw.get("mode", "sequence" if chain else "any")
    return Approve(
        **people,
        mode=Decimal(mode["share"]) if isinstance(mode, dict) else mode,
        weights=tuple(raw.get("weights", ())),
        may=frozenset(raw.get("may", ACTS)),
        on_approve=parse_outcome(raw.get("on_approve")),
        on_reject=parse_outcome(raw.get("on_reject")),
        on_take_back=parse_outcome(raw["on_take_back"]) if "on_take_back" in raw else None,
        returns=tuple(parse_outcome(one) for one in raw.get("returns", ())),
    )


_SHARE = {
    "type": "object",
    "required": ["share"],
    "additionalProperties": False,
    "properties": {"share": {"type": "string", "pattern": r"^(1|0\.[0-9]{0,3}[1-9])$"}},
}

TYPE = StepType(
    "approve",
    {
        **SCHEMA,
        "mode": {"anyOf": [{"enum": ["any", "all", "sequence"]}, _SHARE]},
        "weights": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": {"type": "integer", "minimum": 1, "maximum": 1000},
        },
        "may": {"type": "array", "uniqueItems": True, "maxItems": len(ACTS), "items": {"enum": list(ACTS)}},
        "on_approve": ref("plain_outcome"),
        "on_reject": ref("rejection"),
        "on_take_back": ref("plain_outcome"),
        "returns": {"type": "array", "minItems": 1, "maxItems": 50, "items": ref("return")},
    },
    _parse,
    required=("by",),
)
