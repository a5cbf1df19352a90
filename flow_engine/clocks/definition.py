"""What a flow says about its clocks: from which event to which, how long that may take, when it does not count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from flow_engine.elements.due import Length
from flow_engine.elements.outcome import Text
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Formula
from flow_engine.elements.who import Who, parse_people

ALWAYS: Final = "always"
"""In place of a calendar: every minute counts."""

GREEN: Final = "green"
RED: Final = "red"
COLOURS: Final = (GREEN, "blue", "yellow", "orange", RED, "grey")
"""The colours that pages know; green is a clock on which nothing has been reached."""

BREACH: Final = Decimal(1)


StepMoment = Literal["opened", "passed", "closed"]


@dataclass(frozen=True, slots=True)
class AtStep:
    """The walk comes to a step (`opened`), goes on behind it (`passed`), or the step is over, however it ended
    (`closed`)."""

    step: str
    at: StepMoment


@dataclass(frozen=True, slots=True)
class AtField:
    """A field of the record gets one of these values, having had another."""

    field: str
    becomes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AtRun:
    """The run starts, or ends."""

    at: Literal["started", "ended"]


Mark = AtStep | AtField | AtRun


@dataclass(frozen=True, slots=True)
class Pause:
    """While the field has one of these values, no time counts."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """What is said for each value of a choice; `otherwise` for all others, None where nothing is said for them."""

    field: str
    cases: Mapping[str, str]
    otherwise: str | None


Said = str | Formula | Table
"""A word, what a formula gives, or a table by a field's value."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """At this share of the target the clock takes the colour and something is done: `remind` those who are asked,
    `escalate` to others, `notify` others."""

    share: Decimal
    colour: str | None = None
    do: Literal["remind", "escalate", "notify"] | None = None
    to: tuple[Who, ...] = ()
    text: Text | None = None
    place: int = 0
    """Which of the definition's list it is."""


@dataclass(frozen=True, slots=True)
class ClockDef:
    """A named clock. `at` stands in the order of the shares, and one of them is the whole: the breach."""

    key: str
    title: Text
    pointer: str
    start: Mark
    end: Mark
    target: Said
    calendar: Said = ALWAYS
    pauses: tuple[Pause, ...] = ()
    at: tuple[Threshold, ...] = (Threshold(BREACH, RED),)
    undone: Mark | None = None
    """What makes its end as if it had never been."""
    minutes: str | None = None
    breach: str | None = None
    """The fields of the record that keep, once it has ended, how long it took and whether that was too long."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the record whose changes it must hear of."""
        marks = {mark.field for mark in (self.start, self.end, self.undone) if isinstance(mark, AtField)}
        return frozenset(marks | {pause.field for pause in self.pauses})

    @property
    def steps(self) -> frozenset[str]:
        """The steps that it must hear of."""
        return frozenset(mark.step for mark in (self.start, self.end, self.undone) if isinstance(mark, AtStep))

    def held(self, values: Mapping[str, Any]) -> bool:
        """Whether the record, as it has these values, keeps the clock from counting."""
        return any(values.get(pause.field) in pause.values for pause in self.pauses)

    def colour(self, reached: int) -> str:
        """Of a clock that has reached so many of its thresholds."""
        return next((found.colour for found in reversed(self.at[:reached]) if found.colour is not None), GREEN)

    def uses(self) -> Uses:
        """What publishing checks of it, as it checks a step."""
        return Uses(
            people=tuple((f"/at/{each.place}/to", each.to) for each in self.at if each.to),
            lengths=tuple(self._targets()),
            asked=(Asked("/calendar/=", self.calendar, ("text",)),) if isinstance(self.calendar, Formula) else (),
            calendars=tuple(self._calendars()),
        )

    def _targets(self) -> Iterator[tuple[str, Length]]:
        match self.target:
            case Formula():
                yield "/target/=", Length(self.target)
            case str(text):
                yield "/target", Length(text)
            case Table(_, cases, otherwise):
                yield from ((f"/target/cases/{value}", Length(text)) for value, text in cases.items())
                if otherwise is not None:
                    yield "/target/otherwise", Length(otherwise)

    def _calendars(self) -> Iterator[tuple[str, str]]:
        match self.calendar:
            case str(key) if key != ALWAYS:
                yield "/calendar", key
            case Table(_, cases, otherwise):
                yield from ((f"/calendar/cases/{value}", key) for value, key in cases.items() if key != ALWAYS)
                if otherwise is not None and otherwise != ALWAYS:
                    yield "/calendar/otherwise", otherwise


def parse_clocks(raw: list[Mapping[str, Any]]) -> tuple[ClockDef, ...]:
    """The `clocks` of a flow; their shape has been checked by the schema."""
    return tuple(_clock(one, f"/clocks/{number}") for number, one in enumerate(raw))


def _clock(raw: Mapping[str, Any], pointer: str) -> ClockDef:
    return ClockDef(
        key=raw["key"],
        title=raw.get("title", raw["key"]),
        pointer=pointer,
        start=_mark(raw["from"]),
        end=_mark(raw["to"]),
        target=_said(raw["target"]),
        calendar=_said(raw.get("calendar", ALWAYS)),
        pauses=tuple(Pause(one["field"], _values(one["is"])) for one in raw.get("pause", ())),
        at=_thresholds(raw.get("at", ())),
        undone=_mark(raw["undone"]) if "undone" in raw else None,
        minutes=raw.get("into", {}).get("minutes"),
        breach=raw.get("into", {}).get("breached"),
    )


def _mark(raw: Mapping[str, Any]) -> Mark:
    if "step" in raw:
        return AtStep(raw["step"], raw.get("at", "passed"))
    return AtField(raw["field"], _values(raw["becomes"])) if "field" in raw else AtRun(raw["run"])


def _values(raw: str | list[str]) -> frozenset[str]:
    return frozenset((raw,) if isinstance(raw, str) else raw)


def _said(raw: str | Mapping[str, Any]) -> Said:
    if isinstance(raw, str):
        return raw
    return Formula(raw["="]) if "=" in raw else Table(raw["by"], raw["cases"], raw.get("otherwise"))


def _thresholds(raw: list[Mapping[str, Any]] | tuple[()]) -> tuple[Threshold, ...]:
    """By share. The whole is a breach, and red, where the definition does not say so itself."""
    said = [
        Threshold(
            Decimal(one["share"]), one.get("colour"), one.get("do"), parse_people(one.get("to")), one.get("text"), place
        )
        for place, one in enumerate(raw)
    ]
    if all(each.share != BREACH for each in said):
        said.append(Threshold(BREACH, RED))
    return tuple(sorted(said, key=lambda each: each.share))
