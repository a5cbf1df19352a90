"""Clocks of runs in words: what is left, in working time where the clock counts that, with a word beside the colour."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom.i18n import localized

from flow_engine.service.clocks.show import ClockView
from web.locales import left_of
from web.phrases.marking import N_
from web.speech import gettext

TONES = {"green": "good", "blue": "running", "yellow": "warn", "orange": "warn", "red": "bad", "grey": "idle"}
MISSED = N_("Missed")
PAUSED = N_("Paused")
MET = N_("Met")


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock as a page shows it. It counts down by itself for `ticks` seconds; then it stands still."""

    title: str
    words: str
    seconds: int
    ticks: int
    tone: str
    state: str
    due: datetime | None


def clock_lines(clocks: Iterable[ClockView], locale: str, now: datetime) -> tuple[ClockLine, ...]:
    """Every clock that has a target."""
    return tuple(_line(clock, locale, now) for clock in clocks if clock.remaining is not None)


def nearest(lines: Iterable[ClockLine]) -> ClockLine | None:
    """The one that a list has room for: of those that run, the one with the least left."""
    running = (line for line in lines if line.words)
    return min(running, key=lambda each: each.seconds, default=None)


def clock_json(clock: ClockView, locale: str) -> dict[str, Any]:
    """A clock as the API tells it."""
    return {
        "key": clock.key,
        "title": localized(clock.title, locale),
        "started_at": clock.started_at.isoformat(),
        "stopped_at": clock.stopped_at.isoformat() if clock.stopped_at else None,
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        "used_seconds": clock.used,
        "target_seconds": clock.target,
        "remaining_seconds": clock.remaining,
        "used_share": clock.share,
        "colour": clock.colour,
        "paused": clock.paused,
        "breached": clock.breached,
    }


def _line(clock: ClockView, locale: str, now: datetime) -> ClockLine:
    seconds = clock.remaining or 0
    ticks = int((clock.ticks_until - now).total_seconds()) if clock.ticks_until is not None else 0
    return ClockLine(
        title=localized(clock.title, locale),
        words=left_of(seconds, days=False) if clock.running else "",
        seconds=seconds,
        ticks=max(0, ticks),
        tone=TONES.get(clock.colour, "idle"),
        state=_state(clock),
        due=clock.due_at,
    )


def _state(clock: ClockView) -> str:
    if clock.breached:
        return gettext(MISSED)
    if clock.paused:
        return gettext(PAUSED)
    return "" if clock.running else gettext(MET)
