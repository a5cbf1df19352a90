"""Who is away, and who acts for them meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import any_, func, literal, or_, select
from sqlalchemy.orm import Session

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.models import Absence, Person

CODES = (
    "unknown_person",
    "required",
    "own_proxy",
    "ends_before_it_starts",
    "proxy_cycle",
    "unknown_absence",
    "too_long",
)

MOST_STEPS = 3
"""How far a chain of proxies is followed."""
LONGEST_NOTE = 500


def declare(
    session: Session,
    person: int,
    proxy: int,
    starts_at: datetime,
    ends_at: datetime,
    *,
    scopes: Collection[str] | None = None,
    as_well: bool = False,
    note: str = "",
) -> Absence:
    """The person is away, the proxy acts for them. Raises InvalidInput; Conflict `proxy_cycle` where the proxy is away
    at the same time and it would come back to the person."""
    issues = []
    if proxy == person:
        issues.append(Issue("/proxy", "own_proxy"))
    elif not _enabled(session, proxy):
        issues.append(Issue("/proxy", "unknown_person"))
    if ends_at <= starts_at or ends_at <= app_now(session):
        issues.append(Issue("/ends_at", "ends_before_it_starts"))
    if len(note) > LONGEST_NOTE:
        issues.append(Issue("/note", "too_long", {"max": LONGEST_NOTE}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    # Two who name each other at the same moment: one waits, and then sees the other's.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("absence"), workspace_of(session) % 2**31)))
    wanted = frozenset(scopes) if scopes is not None else None
    if _comes_back(session, person, proxy, starts_at, ends_at, wanted):
        raise Conflict("proxy_cycle", {"proxy": proxy})
    made = Absence(
        workspace_id=workspace_of(session),
        person_id=person,
        proxy_id=proxy,
        starts_at=starts_at,
        ends_at=ends_at,
        scopes=sorted(wanted) if wanted is not None else None,
        as_well=as_well,
        note=note.strip(),
    )
    session.add(made)
    session.flush()
    return made


def call_off(session: Session, absence: int, person: int | None = None) -> Absence:
    """The person is back, from now on. Raises NotFound for an absence that is not theirs (any, without `person`)."""
    found = session.get(Absence, (workspace_of(session), absence))
    if found is None or (person is not None and found.person_id != person) or found.ended_at is not None:
        raise NotFound("unknown_absence", {"absence": absence})
    found.ended_at = app_now(session)
    session.flush()
    return found


def absences(session: Session, person: int | None = None) -> Sequence[Absence]:
    """Those that are not over yet, the next first; of everybody without `person`."""
    live = (
        Absence.workspace_id == workspace_of(session),
        Absence.ended_at.is_(None),
        Absence.ends_at > app_now(session),
    )
    statement = select(Absence).where(*live).order_by(Absence.starts_at, Absence.id)
    if person is not None:
        statement = statement.where(or_(Absence.person_id == person, Absence.proxy_id == person))
    return session.scalars(statement.limit(500)).all()


def proxies(session: Session, people: Collection[int], scope: str, now: datetime) -> Mapping[int, tuple[int, bool]]:
    """Of these people those who are away: who acts for them at `now`, and whether they are asked as well.

    The proxy of a proxy is followed, at most three times. Where it would come back to somebody, or leads to nobody who
    may log in, the last who is there is asked; if there is none, the absent person is.
    """
    known: dict[int, tuple[int, bool]] = {}
    waiting = set(people)
    for _ in range(MOST_STEPS):
        away = _away(session, waiting, scope, now)
        known |= away
        waiting = {proxy for proxy, _ in away.values()} - known.keys()
        if not waiting:
            break
    there = _there(session, {proxy for proxy, _ in known.values()})
    found = {}
    for person in people:
        if person in known:
            last = _last(person, known, there)
            if last is not None:
                found[person] = (last, known[person][1])
    return found


def away_now(session: Session, people: Collection[int], scope: str, now: datetime) -> frozenset[int]:
    """Which of these people are away."""
    return frozenset(_away(session, set(people), scope, now))


def _last(person: int, known: Mapping[int, tuple[int, bool]], there: frozenset[int]) -> int | None:
    """Follow the chain: to the first who is not away, or as far as is allowed."""
    at, seen, last = person, {person}, None
    for _ in range(MOST_STEPS):
        if at not in known:
            break
        at = known[at][0]
        if at in seen or at not in there:
            break
        seen.add(at)
        last = at
    return last


def _away(session: Session, people: Collection[int], scope: str, now: datetime) -> dict[int, tuple[int, bool]]:
    """The latest declared of several wins."""
    statement = select(Absence.person_id, Absence.proxy_id, Absence.as_well).where(
        Absence.workspace_id == workspace_of(session),
        Absence.person_id.in_(people),
        Absence.ended_at.is_(None),
        Absence.starts_at <= now,
        Absence.ends_at > now,
        or_(Absence.scopes.is_(None), literal(scope) == any_(Absence.scopes)),
    )
    return {person: (proxy, as_well) for person, proxy, as_well in session.execute(statement.order_by(Absence.id))}


def _there(session: Session, people: Collection[int]) -> frozenset[int]:
    statement = select(Person.id).where(
        Person.workspace_id == workspace_of(session), Person.id.in_(people), Person.disabled_at.is_(None)
    )
    return frozenset(session.scalars(statement))


def _comes_back(
    session: Session, person: int, proxy: int, starts: datetime, ends: datetime, scopes: frozenset[str] | None
) -> bool:
    """Whether somebody down the chain, who is away at the same time, names the person."""
    seen, waiting = {person}, {proxy}
    while waiting:
        if person in waiting:
            return True
        seen |= waiting
        statement = select(Absence.proxy_id, Absence.scopes).where(
            Absence.workspace_id == workspace_of(session),
            Absence.person_id.in_(waiting),
            Absence.ended_at.is_(None),
            Absence.starts_at < ends,
            Absence.ends_at > starts,
        )
        rows = session.execute(statement).all()
        reached = {to for to, other in rows if scopes is None or other is None or scopes & set(other)}
        if person in reached:
            return True
        waiting = reached - seen
    return False


def _enabled(session: Session, person: int) -> bool:
    return bool(_there(session, {person}))
