"""Timers on dates of records: what there should be follows from the record as it is now, so setting them may be done at
any time, by anybody, as often as one likes (docs/decisions/071).

A record has one timer row for each flow, with the date's value in its payload; a row that is done has fired for that
value, and `fired` tells for which others it did before. Whoever sets timers locks them first and reads the records
afterwards: who does it last has seen everything.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

import orjson
from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from formloom.timers import TOPIC
from formloom.wakeups import announce
from sqlalchemy import ARRAY, BigInteger, Text, TextClause, bindparam, text
from sqlalchemy.orm import Session

from flow_engine.service.catalogue import Catalogue
from flow_engine.service.triggering.begin import begin
from flow_engine.service.triggering.settled import settled
from flow_engine.triggers import OnDate
from flow_engine.triggers.moments import Firing, most_urgent
from form_engine.calendars import LiveCalendar, named_calendar
from form_engine.formula import Env, Value
from form_engine.formula.workdays import Calendar
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.facts_sql import facts_of

KIND: Final = "flow.date"
LATE: Final = timedelta(hours=1)
"""What fires no later than this is in time, for rules that do not catch up."""

_BUCKETS: Final = 1024
_KEPT: Final = "flow_engine.moments"
_ALONE = text("""
    SELECT pg_advisory_xact_lock(7032, b) FROM (
        SELECT DISTINCT (r % :buckets)::integer AS b FROM unnest(:records) r ORDER BY 1) locks
""").bindparams(bindparam("records", type_=ARRAY(BigInteger)))
_TIMERS = """
    SELECT key, payload, due_at, done_at IS NOT NULL AS done, cancelled_at IS NOT NULL AS cancelled FROM timer
    WHERE workspace_id = :workspace AND key = ANY (:keys)
"""
_PEEK = text(_TIMERS).bindparams(bindparam("keys", type_=ARRAY(Text)))
_HOLD = text(f"{_TIMERS} ORDER BY key FOR UPDATE").bindparams(bindparam("keys", type_=ARRAY(Text)))
_PUT = text("""
    INSERT INTO timer (workspace_id, key, kind, payload, due_at)
    SELECT :workspace, t ->> 'key', :kind, t -> 'payload', (t ->> 'due')::timestamptz
    FROM jsonb_array_elements(CAST(:timers AS jsonb)) t
    ON CONFLICT (workspace_id, key) DO UPDATE SET
        payload = excluded.payload, due_at = excluded.due_at, attempts = 0, retry_at = NULL, last_error = NULL,
        done_at = NULL, cancelled_at = NULL
""")
_CANCEL = text("""
    UPDATE timer SET cancelled_at = now(), done_at = NULL WHERE workspace_id = :workspace AND key = ANY (:keys)
""").bindparams(bindparam("keys", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Ask:
    """What a record asks of a rule: the date's value, when that is due, and whether the condition holds."""

    value: str
    due: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A timer as it is kept."""

    payload: Mapping[str, Any]
    due: datetime
    done: bool
    cancelled: bool

    @property
    def pending(self) -> bool:
        return not self.done and not self.cancelled

    @property
    def value(self) -> str:
        found: str = self.payload["value"]
        return found

    @property
    def fired(self) -> set[str]:
        """The values for which it has fired."""
        return {*self.payload.get("fired", ()), *((self.value,) if self.done else ())}


class Moments:
    """What the live date rules of a form say about its records, in one unit of work."""

    def __init__(self, session: Session, catalogue: Catalogue, form: str) -> None:
        self._session, self._catalogue = session, catalogue
        self.now, self.zone = app_now(session), time_zone(session)
        found = [(pinned, pinned[0].definition.trigger) for pinned in catalogue.triggered(session, form, OnDate)]
        self.rules = [(pinned, trigger) for pinned, trigger in found if isinstance(trigger, OnDate)]
        self._calendars = {pinned[0].key: self._calendar(trigger) for pinned, trigger in self.rules}

    def facts(self, records: Collection[int]) -> tuple[Facts, Iterable[Fact]]:
        """The records as they are now."""
        forms = self._catalogue.forms.forms(self._session)
        facts = facts_of(self._session, forms, context_for(self._session, SYSTEM))
        return facts, facts.load(sorted(records))

    def asks(self, facts: Facts, fact: Fact, *, at_last: bool = False) -> dict[str, Ask]:
        """By flow. A condition that hangs on more than the record is asked when the timer fires (`at_last`)."""
        if fact.draft or fact.deleted:
            return {}
        record = record_value(facts, fact)
        env = Env(own=record, context=facts.context)
        found = {}
        for pinned, trigger in self.rules:
            moment: Value = record.values.get(trigger.field)
            due = trigger.due(moment, self.zone, self._calendars[pinned[0].key]) if isinstance(moment, date) else None
            if not isinstance(moment, date) or due is None:
                continue
            when = trigger.when
            asked = when is not None and (at_last or settled(pinned, when.text))
            holds = not (asked and when is not None) or pinned[0].evaluate(when.text, env) is True
            found[pinned[0].key] = Ask(_text(moment, self.zone), due, holds)
        return found

    def left(self, asks: Mapping[str, Ask], fired: Mapping[str, Collection[str]]) -> dict[str, Ask]:
        """Those that shall fire, or shall still fire: of what has passed in a series as its rules catch up with it.

        `fired`: the values for which each flow has fired.
        """
        kept = {}
        for group in self._series(asks):
            firings = [Firing(asks[flow].due, flow) for flow in group if asks[flow].holds or _has(fired, flow, asks)]
            urgent = most_urgent(firings, self.now)
            for flow in group:
                ask, trigger = asks[flow], self._trigger(flow)
                missed = trigger.catch_up == "none" and ask.due < self.now - LATE
                outdone = trigger.catch_up == "latest" and urgent is not None and Firing(ask.due, flow) < urgent
                if ask.holds and not missed and not outdone:
                    kept[flow] = ask
        return kept

    def _series(self, flows: Collection[str]) -> Iterable[list[str]]:
        groups: dict[str, list[str]] = {}
        for pinned, trigger in self.rules:
            if pinned[0].key in flows:
                groups.setdefault(trigger.series or f"/{pinned[0].key}", []).append(pinned[0].key)
        return groups.values()

    def _trigger(self, flow: str) -> OnDate:
        return next(trigger for pinned, trigger in self.rules if pinned[0].key == flow)

    def _calendar(self, trigger: OnDate) -> Calendar | None:
        if trigger.calendar is not None:
            return named_calendar(self._session, trigger.calendar)
        return LiveCalendar(lambda: self._session).found() if trigger.move is not None else None


def _moments(session: Session, catalogue: Catalogue, form: str) -> Moments:
    """The same for all timers that fire in one transaction."""
    kept: dict[str, Moments]
    asked_in, kept = session.info.get(_KEPT, (None, {}))
    if asked_in is not session.get_transaction():
        kept = {}
        session.info[_KEPT] = (session.get_transaction(), kept)
    if form not in kept:
        kept[form] = Moments(session, catalogue, form)
    return kept[form]


def set_timers(
    session: Session, catalogue: Catalogue, form: str, records: Collection[int], gone: Collection[str] = ()
) -> None:
    """Make the timers of these records (at most some hundreds) what they should be. `gone` are flows that had a rule
    on this form before.
    """
    moments = Moments(session, catalogue, form)
    flows = dict.fromkeys((*(pinned[0].key for pinned, _ in moments.rules), *gone))
    if not flows or not records:
        return
    session.execute(_ALONE, {"records": list(records), "buckets": _BUCKETS})
    rows = _held(session, [key_of(record, flow) for record in records for flow in flows])
    facts, known = moments.facts(records)
    there = {fact.id: fact for fact in known}
    put: list[dict[str, Any]] = []
    cancelled: list[str] = []
    for record in records:
        fact = there.get(record)
        asks = moments.asks(facts, fact) if fact is not None else {}
        mine = {flow: row for flow in flows if (row := rows.get(key_of(record, flow))) is not None}
        left = moments.left(asks, {flow: row.fired for flow, row in mine.items()})
        for flow in flows:
            _settle(record, flow, mine.get(flow), left.get(flow), put, cancelled)
    _write(session, put, cancelled)


def _settle(
    record: int, flow: str, row: Row | None, ask: Ask | None, put: list[dict[str, Any]], cancelled: list[str]
) -> None:
    fired = row.fired if row is not None else set()
    if ask is None or ask.value in fired:
        if row is not None and row.pending:
            cancelled.append(key_of(record, flow))
    elif row is None or not row.pending or (row.value, row.due) != (ask.value, ask.due):
        payload = {"record": record, "flow": flow, "value": ask.value, "fired": sorted(fired)}
        put.append({"key": key_of(record, flow), "payload": payload, "due": ask.due.isoformat()})


def fire(session: Session, catalogue: Catalogue, payload: Mapping[str, Any]) -> None:
    """A due timer, which is marked as done and locked: start the run, unless the record says something else by now."""
    flow, record = payload["flow"], payload["record"]
    live = catalogue.live_trigger(session, flow, OnDate)
    if live is None:
        _write(session, [], [key_of(record, flow)])
        return
    moments = _moments(session, catalogue, live[1].key)
    facts, known = moments.facts([record])
    fact = next(iter(known), None)
    asks = moments.asks(facts, fact, at_last=True) if fact is not None else {}
    ask = asks.get(flow)
    if ask is None or not ask.holds:
        # It has not fired: where the condition holds again, the timer is set again.
        _write(session, [], [key_of(record, flow)])
        return
    others = _read(session, [key_of(record, pinned[0].key) for pinned, _ in moments.rules])
    fired = {
        pinned[0].key: row.fired for pinned, _ in moments.rules if (row := others.get(key_of(record, pinned[0].key)))
    }
    left = moments.left(asks, fired)
    if ask.value != payload["value"] or ask.due > moments.now:
        put: list[dict[str, Any]] = []
        cancelled: list[str] = []
        own = Row(payload, moments.now, done=False, cancelled=False)
        _settle(record, flow, own, left.get(flow), put, cancelled)
        _write(session, put, cancelled)
    elif flow in left:
        begin(session, catalogue, live, record, by=OnDate.name, actor=SYSTEM)


def key_of(record: int, flow: str) -> str:
    """One timer for each record and flow. Timers of one record fire one after another (`formloom.timers`)."""
    return f"record:{record}:{flow}"


def _held(session: Session, keys: Collection[str]) -> dict[str, Row]:
    """Timers that nobody else may touch until this transaction ends."""
    return _read(session, keys, _HOLD)


def _read(session: Session, keys: Collection[str], how: TextClause = _PEEK) -> dict[str, Row]:
    found = session.execute(how, {"workspace": workspace_of(session), "keys": list(keys)})
    return {key: Row(payload, due, done, cancelled) for key, payload, due, done, cancelled in found}


def _write(session: Session, put: list[dict[str, Any]], cancelled: list[str]) -> None:
    workspace = workspace_of(session)
    if put:
        told = orjson.dumps(put).decode()
        session.execute(_PUT, {"workspace": workspace, "kind": KIND, "timers": told})
        announce(session, [TOPIC])
    if cancelled:
        session.execute(_CANCEL, {"workspace": workspace, "keys": cancelled})


def _text(moment: date, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def _has(fired: Mapping[str, Collection[str]], flow: str, asks: Mapping[str, Ask]) -> bool:
    return asks[flow].value in fired.get(flow, ())
