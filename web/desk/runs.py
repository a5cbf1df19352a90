"""Runs as administrators see them: the list, the way of one with its reasons, figures of steps, health."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from formloom.access import Identity
from formloom.clock import app_now, time_zone
from formloom.errors import InvalidInput, Issue
from formloom.i18n import localized
from sqlalchemy.orm import Session

from flow_engine.service.runs import RunLine, RunQuery
from flow_engine.service.stats import FlowFigures
from flow_engine.service.story import Asked, Condition, Incident, Opened, Passage, RunStory
from form_engine.records.titles import titles
from web.context import services
from web.desk.world import World

PERIODS = (7, 30, 90, 365)
"""In days, back from now."""


def query_of(session: Session, args: Mapping[str, Any]) -> RunQuery:
    """What is asked for; days are whole days in the workspace's time zone. Raises InvalidInput."""
    zone = time_zone(session)
    plain = {name: args.get(name) for name in ("flow", "status", "step", "initiator", "record", "colour", "cursor")}
    return RunQuery(
        **plain,
        q=args.get("q") or "",
        since=_midnight(args.get("from"), zone, 0),
        until=_midnight(args.get("to"), zone, 1),
        incident=bool(args.get("incident")),
        overdue=bool(args.get("overdue")),
        breached=bool(args.get("breached")),
        sort=args.get("sort") or "newest",
        limit=args.get("limit") or 30,
    )


def _midnight(day: date | None, zone: ZoneInfo, more: int) -> datetime | None:
    return datetime.combine(day + timedelta(days=more), time(), zone).astimezone(UTC) if day is not None else None


def runs_json(session: Session, identity: Identity, query: RunQuery) -> dict[str, Any]:
    """A page of runs."""
    world = World.of(session, identity)
    page = services().flows.list_runs(session, query, world.actor)
    shown = titles(session, world.forms, [line.record for line in page.items], world.actor)
    items = [line_json(line, world.locale, shown.get(line.record, ("", None))[1]) for line in page.items]
    return {"items": items, "next": page.next}


def line_json(line: RunLine, locale: str, title: str | None) -> dict[str, Any]:
    """One run. `title` is what the reader may read of the record's."""
    return {
        "id": line.id,
        "flow": line.flow,
        "flow_title": localized(line.flow_title, locale),
        "version": line.flow_version,
        "form": line.form,
        "record": line.record,
        "number": line.number,
        "title": title,
        "status": line.status,
        "started_by": line.started_by,
        "started_at": line.started_at.isoformat(),
        "ended_at": _iso(line.ended_at),
        "initiator": line.initiator,
        "initiator_name": line.initiator_name,
        "due_at": _iso(line.due_at),
        "overdue": line.overdue,
        "lost": line.lost,
        "at": [
            {
                "visit": place.visit,
                "step": place.step,
                "title": localized(place.title, locale),
                "kind": place.kind,
                "because": place.because,
                "asked": place.asked,
            }
            for place in line.at
        ],
    }


def story_json(session: Session, identity: Identity, run_id: int) -> dict[str, Any]:
    """A run with its way. Raises NotFound."""
    world = World.of(session, identity)
    story = services().flows.story(session, run_id, world.actor)
    title = titles(session, world.forms, [story.run.record], world.actor).get(story.run.record, ("", None))[1]
    return {
        "run": line_json(story.run, world.locale, title),
        "passages": [_passage_json(each, world.locale) for each in story.passages],
        "incidents": [_incident_json(each, world.locale) for each in story.incidents],
        "timers": [
            {"step": each.step, "title": localized(each.title or "", world.locale), "due_at": each.due_at.isoformat()}
            for each in story.timers
        ],
        "children": [{"run": run, "flow": flow, "status": status} for run, flow, status in story.children],
        "parent": story.parent,
        "targets": _targets(story, world.locale),
    }


def _targets(story: RunStory, locale: str) -> list[dict[str, Any]]:
    return [{"step": step, "title": localized(title, locale), "depth": depth} for step, title, depth in story.targets]


def _passage_json(each: Passage, locale: str) -> dict[str, Any]:
    return {
        "seq": each.seq,
        "at": each.at.isoformat(),
        "actor": each.actor,
        "actor_name": each.actor_name,
        "what": each.what,
        "act": each.act,
        "step": each.step,
        "title": localized(each.title, locale) if each.title else None,
        "depth": each.depth,
        "comment": each.comment,
        "reason": each.reason,
        "code": each.code,
        "params": dict(each.params),
        "conditions": [_condition_json(one, locale) for one in each.conditions],
        "deeds": [
            {"effect": one.effect, "step": one.step, "title": localized(one.title, locale), "fields": list(one.fields)}
            for one in each.deeds
        ],
        "opened": [_opened_json(one, locale) for one in each.opened],
    }


def _condition_json(one: Condition, locale: str) -> dict[str, Any]:
    return {
        "step": one.step,
        "title": localized(one.title, locale),
        "case": localized(one.case, locale) if one.case else None,
        "formula": one.formula,
        "values": dict(one.values),
        "answer": one.answer if isinstance(one.answer, bool) else None,
        "error": None if isinstance(one.answer, bool) else one.answer,
    }


def _opened_json(one: Opened, locale: str) -> dict[str, Any]:
    return {
        "visit": one.visit,
        "step": one.step,
        "title": localized(one.title, locale),
        "kind": one.kind,
        "depth": one.depth,
        "open": one.open,
        "asked": [_asked_json(asked) for asked in one.asked],
    }


def _asked_json(one: Asked) -> dict[str, Any]:
    return {
        "name": one.name,
        "guest": one.guest,
        "kind": one.kind,
        "status": one.status,
        "decision": one.decision,
        "ended_at": _iso(one.ended_at),
        "due_at": _iso(one.due_at),
        "because": dict(one.because) if one.because else None,
    }


def _incident_json(one: Incident, locale: str) -> dict[str, Any]:
    return {
        "visit": one.visit,
        "step": one.step,
        "title": localized(one.title, locale),
        "kind": one.kind,
        "code": one.code,
        "params": dict(one.params),
        "effect": one.effect,
        "since": _iso(one.since),
        "may": list(one.may),
    }


def figures_json(session: Session, identity: Identity, flow: str, days: int) -> dict[str, Any]:
    """The figures of a flow in the last so many days. Raises NotFound, InvalidInput."""
    locale = World.of(session, identity).locale
    definition = services().flows.definitions.live(session, flow)
    found = figures(session, flow, days)
    place = {step.key: number for number, step in enumerate(definition.walk())}
    named = {step.key: localized(step.title, locale) for step in definition.walk()}
    steps = sorted(found.steps, key=lambda each: (place.get(each.step, len(place)), each.step))
    return {
        "flow": flow,
        "title": localized(definition.title, locale),
        "from": found.since.isoformat(),
        "to": found.until.isoformat(),
        "started": found.started,
        "ended": found.ended,
        "stuck": found.stuck,
        "median_seconds": _seconds(found.median),
        "p90_seconds": _seconds(found.p90),
        "steps": [
            {
                "step": each.step,
                "title": named.get(each.step, each.step),
                "visits": each.visits,
                "done": each.done,
                "median_seconds": _seconds(each.median),
                "p90_seconds": _seconds(each.p90),
                "returned": each.returned,
                "rejected": each.rejected,
                "open": each.open,
                "overdue": each.overdue,
                "late": each.late,
            }
            for each in steps
        ],
    }


def figures(session: Session, flow: str, days: int) -> FlowFigures:
    """The figures of the last so many days. Raises InvalidInput for another period."""
    if days not in PERIODS:
        raise InvalidInput("invalid_input", issues=(Issue("/days", "not_an_option", {"options": list(PERIODS)}),))
    now = app_now(session)
    return services().flows.figures(session, flow, now - timedelta(days=days), now)


def health_json(session: Session) -> dict[str, int]:
    """The counts."""
    found = services().flows.health(session)
    return {name: getattr(found, name) for name in found.__slots__}


def reports_json(session: Session, *, seen: bool) -> list[dict[str, Any]]:
    """What automations could not do."""
    return [
        {
            "id": one.id,
            "at": one.at.isoformat(),
            "code": one.code,
            "flow": one.flow,
            "record": one.record_id,
            "params": one.params,
            "seen_at": _iso(one.seen_at),
        }
        for one in services().flows.reports(session, seen=seen)
    ]


def flows_known(session: Session, locale: str) -> list[tuple[str, str, bool]]:
    """The flows of the workspace: key, title, whether retired."""
    store = services().flows.definitions
    live = [(key, localized(store.live(session, key).title, locale), False) for key in store.keys(session)]
    retired = [(key, key, True) for key in store.retired(session)]
    return sorted((*live, *retired), key=lambda each: each[1])


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _seconds(length: timedelta | None) -> int | None:
    return round(length.total_seconds()) if length is not None else None
