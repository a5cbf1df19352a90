"""By which channels a person hears of what (ADR 086): their own choice, else the house's; the bell always.

What a step of a flow names narrows that down; what must be acknowledged is sent by all it names, whatever was chosen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import ChannelChoice, Person, PushSubscription

CODES = ("unknown_kind_of_message", "unknown_channel", "bad_quiet_hours")

Way = Literal["mail", "sms", "push"]
WAYS: Final[tuple[Way, ...]] = ("mail", "sms", "push")
"""What can be chosen beside the bell."""
KINDS: Final = ("task", "reminder", "escalation", "notice", "copy", "mention", "ended")
HOUSE: Final = 0
DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "task": ("push",),
    "reminder": ("mail", "push"),
    "escalation": ("mail", "push"),
    "notice": ("mail", "push"),
    "copy": (),
    "mention": ("push",),
    "ended": (),
}
MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose; a kind that is not among `channels` was not chosen."""

    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet_from: int | None = None
    quiet_to: int | None = None

    @classmethod
    def checked(cls, channels: Mapping[str, Sequence[str]], quiet_from: int | None, quiet_to: int | None) -> "Choice":
        """From what was entered. Raises InvalidInput."""
        issues = [Issue(f"/channels/{kind}", "unknown_kind_of_message") for kind in channels if kind not in KINDS]
        issues += [
            Issue(f"/channels/{kind}/{at}", "unknown_channel", {"channel": way})
            for kind, ways in channels.items()
            for at, way in enumerate(ways)
            if way not in WAYS
        ]
        both = (quiet_from, quiet_to)
        if (quiet_from is None) != (quiet_to is None) or any(
            each is not None and not 0 <= each < MINUTES for each in both
        ):
            issues.append(Issue("/quiet_from", "bad_quiet_hours"))
        if issues:
            raise InvalidInput("invalid_input", issues=tuple(issues))
        named = {kind: tuple(way for way in WAYS if way in ways) for kind, ways in channels.items()}
        return cls(named, quiet_from, quiet_to)

    def quiet_for(self, local: datetime) -> timedelta:
        """How long it stays quiet from this moment in the workspace's time zone on; zero when it is not."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return timedelta()
        now = local.hour * 60 + local.minute
        if (now - self.quiet_from) % MINUTES >= (self.quiet_to - self.quiet_from) % MINUTES:
            return timedelta()
        left = timedelta(minutes=(self.quiet_to - now) % MINUTES)
        return left - timedelta(seconds=local.second, microseconds=local.microsecond)


@dataclass(frozen=True, slots=True)
class Reach:
    """A person, the ways by which they hear of something, and how long to wait first."""

    person: Person
    ways: tuple[Way, ...]
    delay: timedelta = timedelta()


def choice(session: Session, person: int) -> Choice | None:
    """What a person (or the house, `HOUSE`) chose; None for nothing."""
    return _choices(session, [person]).get(person)


def choose(session: Session, person: int, wanted: Choice) -> None:
    """Keep it."""
    row = {"channels": {kind: list(ways) for kind, ways in wanted.channels.items()}}
    quiet = {"quiet_from": wanted.quiet_from, "quiet_to": wanted.quiet_to}
    statement = insert(ChannelChoice).values(workspace_id=workspace_of(session), person_id=person, **row, **quiet)
    kept = statement.on_conflict_do_update(index_elements=["workspace_id", "person_id"], set_={**row, **quiet})
    session.execute(kept)


def house_ways(session: Session) -> dict[str, tuple[str, ...]]:
    """What the house gives whoever chose nothing, for every kind."""
    own = choice(session, HOUSE)
    return {kind: (own.channels if own else {}).get(kind, DEFAULTS[kind]) for kind in KINDS}


def reach(
    session: Session,
    people: Iterable[Person],
    kind: str,
    *,
    now: datetime,
    zone: ZoneInfo,
    named: Collection[str] | None = None,
    must: bool = False,
) -> list[Reach]:
    """How each of them hears of it, the bell aside. Only ways by which they can be reached."""
    several = list(people)
    ids = [person.id for person in several]
    chosen, house = _choices(session, ids), house_ways(session)[kind]
    pushed = set(
        session.scalars(
            select(PushSubscription.person_id).where(
                PushSubscription.workspace_id == workspace_of(session), PushSubscription.person_id.in_(ids)
            )
        )
    )
    found = []
    for person in several:
        own = chosen.get(person.id)
        has = {"mail": bool(person.email), "sms": bool(person.phone), "push": person.id in pushed}
        wanted = _wanted(own, house, kind, named, must)
        quiet = own.quiet_for(now.astimezone(zone)) if own and not must else timedelta()
        found.append(Reach(person, tuple(way for way in WAYS if way in wanted and has[way]), quiet))
    return found


def _wanted(
    own: Choice | None, house: tuple[str, ...], kind: str, named: Collection[str] | None, must: bool
) -> tuple[str, ...]:
    chosen = own.channels.get(kind) if own else None
    if named is None:
        return house if chosen is None else chosen
    return tuple(way for way in WAYS if way in named and (must or chosen is None or way in chosen))


def _choices(session: Session, people: Sequence[int]) -> dict[int, Choice]:
    mine = (ChannelChoice.workspace_id == workspace_of(session), ChannelChoice.person_id.in_(people))
    found: dict[int, Any] = {row.person_id: row for row in session.scalars(select(ChannelChoice).where(*mine))}
    return {
        person: Choice({kind: tuple(ways) for kind, ways in row.channels.items()}, row.quiet_from, row.quiet_to)
        for person, row in found.items()
    }
