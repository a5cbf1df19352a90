"""notify: tell people (and guests of earlier steps) something, and if need be wait until they have acknowledged it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.due import Due, calendars_in, lengths_in, parse_due
from flow_engine.elements.outcome import Text
from flow_engine.elements.texts import placeholders
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.who import GuestAgain, GuestOf, Who, parse_people
from flow_engine.machine.effects import Ask, AskPeople, FinishTask, Tell
from flow_engine.machine.events import Decided
from flow_engine.machine.found import found_in, picked
from flow_engine.machine.program import Answers
from flow_engine.machine.seats import alone, put, seat_of, seated, settled, verdict
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Notify(Step):
    """A line under the bell, and a message by each of the `channels` (each person's own, where none is named).

    With `acknowledge` it is a task of each of them, and the run waits until all have acknowledged; when that takes too
    long, others hear of it, once. `attach`: earlier steps whose documents go along with mails.
    """

    to: tuple[Who, ...]
    text: Text
    subject: Text | None = None
    channels: tuple[str, ...] | None = None
    attach: tuple[str, ...] = ()
    acknowledge: Due | None = None
    escalate: tuple[Who, ...] = ()
    waits: bool = False

    @property
    def decisions(self) -> tuple[str, ...]:
        """Nothing, or that it was seen."""
        return ("acknowledge",) if self.waits else ()

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who must acknowledge; who is only told is found when they are told."""
        return (AskPeople(f"{self.key}.to", self.to, walk.item, to_act=True),) if self.waits else ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Tell them and go on, or wait."""
        if not self.waits:
            self._tell(walk, to=self.to)
            walk.go_on_after(self.key)
            return
        found = picked(found_in(answers[f"{self.key}.to"]))
        if not found:  # nobody is there to be told
            walk.go_on_after(self.key)
            return
        visit = walk.open_visit(self.key, "step", (), due=self.acknowledge, seats=seated(found, "all"))
        self._tell(walk, refs=visit.asked)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Seen by this one; on when all have."""
        number = seat_of(visit.seats, event.by, "asked") or 0
        walk.do(FinishTask(visit.id, event.by, event.decision, event.reason, event.comment))
        seats = settled(alone(put(visit.seats, number, state="agreed"), number))
        if verdict(seats, "all") == "open":
            walk.reseat(visit, seats, spoken=event.by, due=self.acknowledge)
        else:
            walk.close_visit(visit)
            walk.go_on_after(self.key)

    def due_actions(self) -> Due | None:
        """By when it must be acknowledged."""
        return self.acknowledge

    def uses(self) -> Uses:
        """Whom it tells; a guest must have been asked by an earlier step. What its texts name."""
        guests = (
            (f"/to/{at}/guest", who.step) for at, who in enumerate(self.to) if isinstance(who, GuestOf | GuestAgain)
        )
        attached = ((f"/attach/{at}", step) for at, step in enumerate(self.attach))
        named = (*placeholders("/text", self.text), *placeholders("/subject", self.subject))
        escalated = (("/acknowledge/then/escalate", self.escalate),) if self.escalate else ()
        return Uses(
            people=(("/to", self.to), *escalated),
            earlier=(*guests, *attached),
            asked=tuple(Asked(at, formula) for at, formula in named),
            fields=(("/fields", tuple(self.fields)),),
            lengths=tuple(("/acknowledge/within", length) for _, length in lengths_in(self.acknowledge)),
            calendars=tuple(("/acknowledge/calendar", calendar) for _, calendar in calendars_in(self.acknowledge)),
        )

    def _tell(self, walk: Walk, *, to: tuple[Who, ...] = (), refs: tuple[str, ...] = ()) -> None:
        words = {"subject": self.subject, "text": self.text}
        how = {"channels": self.channels, "attach": self.attach, "must": self.waits}
        walk.do(Tell("notice", self.key, to=to, refs=refs, item=walk.item, **words, **how))  # type: ignore[arg-type]


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Notify:
    people, waits = parse_people(raw["to"]), "acknowledge" in raw
    wanted = raw.get("acknowledge", {})
    to = tuple(GuestAgain(who.step) if waits and isinstance(who, GuestOf) else who for who in people)
    channels = raw.get("channels")
    return Notify(
        **frame(raw, pointer),
        to=to,
        text=raw["text"],
        subject=raw.get("subject"),
        channels=tuple(channels) if channels is not None else None,
        attach=tuple(raw.get("attach", ())),
        waits=waits,
        acknowledge=_due(wanted) if "within" in wanted else None,
        escalate=parse_people(wanted["then"]["escalate"]) if "then" in wanted else (),
    )


def _due(raw: Mapping[str, Any]) -> Due | None:
    """`{within, calendar, then: {escalate}}` as a due time: it escalates once, at the end."""
    then = [{"at": "1", "do": "escalate", "to": raw["then"]["escalate"]}] if "then" in raw else []
    named = {"calendar": raw["calendar"]} if "calendar" in raw else {}
    return parse_due({"in": raw["within"], **named, "then": then})


_CHANNEL = {"type": "string", "pattern": "^(bell|mail|sms|push|bot:[a-z][a-z0-9_]{0,62})$"}

TYPE = StepType(
    "notify",
    {
        "to": ref("audience"),
        "text": ref("text"),
        "subject": ref("text"),
        "channels": {"type": "array", "minItems": 1, "maxItems": 20, "uniqueItems": True, "items": _CHANNEL},
        "attach": {"type": "array", "minItems": 1, "maxItems": 10, "uniqueItems": True, "items": ref("key")},
        "fields": ref("fields"),
        "acknowledge": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "within": ref("duration"),
                "calendar": ref("key"),
                "then": {
                    "type": "object",
                    "required": ["escalate"],
                    "additionalProperties": False,
                    "properties": {"escalate": ref("people")},
                },
            },
            "dependentRequired": {"calendar": ["within"], "then": ["within"], "within": ["then"]},
        },
    },
    _parse,
    required=("to", "text"),
)
