"""Administration of calendars: the week, public holidays, the firm's own days."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom.clock import today
from formloom.errors import Conflict, FormloomError, NotFound
from formloom.i18n import LOCALES
from sqlalchemy.orm import Session

from form_engine.calendars.holidays import SOURCES
from form_engine.calendars.model import WEEKDAYS
from web.context import services, transaction
from web.desk.calendar_form import Body, new_calendar, with_day, with_week, without_day
from web.desk.calendars import WEEKDAY, calendars_json, days_json
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import admin, policy
from web.speech import gettext
from web.whole_number import whole_number
from web.words import sentence

pages = Blueprint("calendars_page", __name__, url_prefix="/admin/calendars")
CODES = ("calendar_taken",)


@pages.get("")
@policy(admin)
def index() -> str:
    """All of them, and a form for one more."""
    with transaction() as session:
        return _index(session)


@pages.post("")
@policy(admin)
def add() -> ResponseReturnValue:
    """One more, with usual hours."""
    key = request.form.get("key", "").strip()
    wrong = _published(key, lambda body: new_calendar(key, request.form), new=True)
    if wrong:
        with transaction() as session:
            return _index(session, wrong=wrong, asked=request.form), 422
    return redirect(url_for("calendars_page.show", key=key), code=303)


@pages.get("/<key>")
@policy(admin)
def show(key: str) -> str:
    """One of them: its week, and what differs from it in a year."""
    with transaction() as session:
        return _show(session, key)


@pages.post("/<key>/<any(week, day, forget):part>")
@policy(admin)
def change(key: str, part: str) -> ResponseReturnValue:
    """Change and publish it: what waits by it moves."""
    changes: dict[str, Callable[[Body], Body]] = {
        "week": lambda body: with_week(body, request.form),
        "day": lambda body: with_day(body, request.form),
        "forget": lambda body: without_day(body, request.form.get("from", "")),
    }
    wrong = _published(key, changes[part])
    if wrong:
        with transaction() as session:
            return _show(session, key, wrong=wrong, asked=request.form if part == "day" else {}), 422
    flash(gettext("Saved. What waits by this calendar moves along."))
    year = request.form.get("year", "")
    return redirect(url_for("calendars_page.show", key=key, year=whole_number(year)), code=303)


def _published(key: str, change: Callable[[Body], Body], *, new: bool = False) -> list[str]:
    """Change what is live and publish that; a draft that somebody keeps of it is not touched by half. Returns what is
    in the way, in words."""
    store = services().stores.calendars
    try:
        with transaction() as session:
            if new and store.exists(session, key):
                raise Conflict("calendar_taken", {"key": key})
            body = {} if new else store.body(session, key)
            store.publish_together(session, {key: change(body)}, actor_of(me()))
    except NotFound:
        raise
    except FormloomError as error:
        found = [sentence(issue.code, issue.params) for issue in error.issues] or [sentence(error.code, error.params)]
        return list(dict.fromkeys(found))
    return []


def _index(session: Session, **more: Any) -> str:
    told = {"wrong": (), "asked": {}, **more}
    return render_template(
        "pages/calendars.html", nav=load_nav(session), calendars=calendars_json(session), languages=LOCALES, **told
    )


def _show(session: Session, key: str, **more: Any) -> str:
    told = {"wrong": (), "asked": {}, **more}
    body = services().stores.calendars.body(session, key)
    days = days_json(session, key, whole_number(request.values.get("year", "")) or today(session).year)
    week = [(day, gettext(WEEKDAY[day]), ", ".join(body["hours"].get(day, ()))) for day in WEEKDAYS]
    return render_template(
        "pages/calendar.html",
        nav=load_nav(session),
        calendar=body,
        week=week,
        countries=sorted(SOURCES),
        languages=LOCALES,
        **days,
        **told,
    )
