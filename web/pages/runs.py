"""Operations: all runs for administrators, one of them explained, figures of steps, reports of automations."""

from datetime import date
from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import idempotency
from formloom.clock import app_now
from formloom.errors import Conflict, FormloomError, NotFound
from formloom.i18n import localized

from flow_engine.service.runs import SORTS, STATUSES
from form_engine.records.titles import titles
from web.context import services, transaction
from web.desk.dead_letters import dead_letters_json, send_again
from web.desk.run_page import length_words, lines, started_words, status_words, troubles
from web.desk.runs import PERIODS, figures_json, flows_known, health_json, line_json, query_of, reports_json
from web.desk.world import World
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import admin, policy
from web.speech import gettext
from web.whole_number import whole_number
from web.words import sentence

pages = Blueprint("runs_page", __name__, url_prefix="/admin/runs")
TEXTS = ("flow", "status", "q", "step", "sort", "cursor", "colour")
NUMBERS = ("initiator", "record")
FLAGS = ("incident", "overdue", "breached")


@pages.get("")
@policy(admin)
def index() -> str:
    """The list; filters stand in the address."""
    asked = _asked()
    with transaction() as session:
        identity = me()
        world = World.of(session, identity)
        page = services().flows.list_runs(session, query_of(session, asked), world.actor)
        named = titles(session, world.forms, [line.record for line in page.items], world.actor)
        items = [
            {
                "line": line,
                "json": line_json(line, world.locale, named.get(line.record, ("", None))[1]),
                "word": status_words(line.status),
            }
            for line in page.items
        ]
        shown = {
            "flows": flows_known(session, world.locale),
            "steps": _steps(session, asked.get("flow"), world.locale),
            "health": health_json(session),
            "now": app_now(session),
        }
        nav = load_nav(session)
    statuses = [(key, _status_filter(key)) for key in STATUSES]
    kept = {key: value for key, value in asked.items() if value and key != "cursor"}
    following = url_for("runs_page.index", **_address({**kept, "cursor": page.next})) if page.next else None
    return render_template(
        "pages/runs.html", nav=nav, items=items, asked=asked, statuses=statuses, following=following, **shown
    )


@pages.get("/<int:run_id>")
@policy(admin)
def show(run_id: int) -> str:
    """One run with its way, and what may be done to it."""
    with transaction() as session:
        world = World.of(session, me())
        story = services().flows.story(session, run_id, world.actor)
        title = titles(session, world.forms, [story.run.record], world.actor).get(story.run.record, ("", None))[1]
        shown = {
            "run": line_json(story.run, world.locale, title),
            "line": story.run,
            "word": status_words(story.run.status),
            "began": started_words(story.run.started_by),
            "passages": lines(world, story),
            "troubles": troubles(world, story),
            "timers": story.timers,
            "children": [(run, flow, status_words(status)) for run, flow, status in story.children],
            "parent": story.parent,
            "targets": [(step, localized(name, world.locale), depth) for step, name, depth in story.targets],
            "ended": story.run.ended_at is not None,
            "now": app_now(session),
        }
        nav = load_nav(session)
    return render_template("pages/run.html", nav=nav, key=str(uuid4()), **shown)


@pages.post("/<int:run_id>/operate")
@policy(admin)
def operate(run_id: int) -> ResponseReturnValue:
    """Retry, skip, jump or cancel; the same form sent twice does it once."""
    form, actor = request.form, actor_of(me())
    told: dict[str, Any] = {
        "reason": form.get("reason") or None,
        "visit": int(form["visit"]) if form.get("visit", "").isascii() and form.get("visit", "").isdigit() else None,
        "step": form.get("step") or None,
    }
    act = form.get("act", "")
    print_ = idempotency.fingerprint("operate", str(run_id), act, repr(sorted(told.items(), key=str)))
    try:
        with transaction() as session:
            services().flows.run(session, run_id)
            first = idempotency.first_answer(session, actor.ref, form.get("key", ""), print_)
            if first is None:
                services().flows.operate(session, run_id, actor, act, **told)
                idempotency.keep(session, actor.ref, form.get("key", ""), print_, idempotency.Answer(200, {}))
        flash(gettext("Done."))
    except NotFound:
        raise
    except FormloomError as error:
        said = [sentence(issue.code, issue.params) for issue in error.issues]
        flash(" ".join(said) or sentence(error.code, error.params))
    return redirect(url_for("runs_page.show", run_id=run_id), 303)


@pages.get("/figures")
@policy(admin)
def figures() -> str:
    """What the steps of a flow cost, in a period."""
    with transaction() as session:
        world = World.of(session, me())
        known = [each for each in flows_known(session, world.locale) if not each[2]]
        flow = request.args.get("flow") or (known[0][0] if known else "")
        days = request.args.get("days", "30")
        period = int(days) if days.isascii() and days.isdigit() and int(days) in PERIODS else 30
        found = figures_json(session, me(), flow, period) if flow else None
        nav = load_nav(session)
    longest = max((step["p90_seconds"] or 0 for step in found["steps"]), default=0) if found else 0
    shown = {"flows": known, "flow": flow, "days": period, "periods": PERIODS, "found": found, "longest": longest}
    return render_template("pages/run_figures.html", nav=nav, length=length_words, **shown)


@pages.get("/reports")
@policy(admin)
def reports() -> str:
    """What automations could not do."""
    seen = request.args.get("seen") == "1"
    with transaction() as session:
        world = World.of(session, me())
        found = reports_json(session, seen=seen)
        named = {key: title for key, title, _ in flows_known(session, world.locale)}
        nav = load_nav(session)
    items = [{**one, "text": sentence(one["code"], one["params"])} for one in found]
    return render_template("pages/run_reports.html", nav=nav, items=items, named=named, seen=seen)


@pages.post("/reports/<int:report_id>/note")
@policy(admin)
def note(report_id: int) -> ResponseReturnValue:
    """Somebody has read a report."""
    with transaction() as session:
        services().flows.take_note(session, report_id, actor_of(me()))
    return redirect(url_for("runs_page.reports"), 303)


@pages.get("/dead")
@policy(admin)
def dead() -> str:
    """Work of the background that was given up."""
    with transaction() as session:
        items = dead_letters_json(session)
        nav = load_nav(session)
    return render_template("pages/run_dead.html", nav=nav, items=items)


@pages.post("/dead/<int:letter_id>/resend")
@policy(admin)
def send_dead(letter_id: int) -> ResponseReturnValue:
    """Try a dead letter again."""
    try:
        with transaction() as session:
            send_again(session, letter_id, actor_of(me()))
    except Conflict as error:
        flash(sentence(error.code, error.params), "error")
    else:
        flash(gettext("It is on its way again."))
    return redirect(url_for("runs_page.dead"), 303)


def _asked() -> dict[str, Any]:
    """What the address says; what makes no sense there is left out, like a filter that was never set."""
    given = request.args
    asked: dict[str, Any] = {name: given.get(name) or None for name in TEXTS}
    asked["status"] = asked["status"] if asked["status"] in STATUSES else None
    asked["sort"] = asked["sort"] if asked["sort"] in SORTS else None
    asked |= {name: whole_number(given.get(name, "")) for name in NUMBERS}
    asked |= {name: given.get(name) == "1" for name in FLAGS}
    return {**asked, "from": _day(given.get("from", "")), "to": _day(given.get("to", ""))}


def _address(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: "1" if value is True else value for name, value in asked.items()}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _status_filter(key: str) -> str:
    return {"open": gettext("All open"), "ended": gettext("All ended")}.get(key) or status_words(key)[0]


def _steps(session: Any, flow: str | None, locale: str) -> list[tuple[str, str]]:
    store = services().flows.definitions
    if flow is None or flow not in store.keys(session):
        return []
    return [(step.key, localized(step.title, locale)) for step in store.live(session, flow).walk()]
