"""Absence, leaving and what is stuck: one's own absence, and the pages with which administrators help."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom.clock import time_zone
from formloom.errors import FormloomError, InvalidInput, Issue
from sqlalchemy.orm import Session

from web.context import services, transaction
from web.desk.seating_json import may_see_for
from web.desk.seating_page import absence_page, stuck_page
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.pages.organisation import show_person
from web.policies import admin, policy, signed_in
from web.speech import gettext, ngettext
from web.words import sentence

pages = Blueprint("seating_page", __name__)


@pages.get("/preferences/absence")
@policy(signed_in)
def absence() -> str:
    """One's absences, those one stands in for, and a form for one more; an administrator sees anybody's (``of``)."""
    with transaction() as session:
        return _absence(session)


@pages.post("/preferences/absence")
@policy(signed_in)
def declare() -> ResponseReturnValue:
    """Declare one."""

    def act(session: Session) -> None:
        asked = request.form
        zone = time_zone(session)
        person = may_see_for(me(), _number("of"))
        proxy = _number("proxy")
        if proxy is None:
            raise InvalidInput("invalid_input", issues=(Issue("/proxy", "absence_proxy"),))
        services().flows.seating.declare(
            session,
            person,
            proxy,
            _moment("starts_at").replace(tzinfo=zone),
            _moment("ends_at").replace(tzinfo=zone),
            actor_of(me()),
            flows=asked.getlist("flows") or None,
            as_well="as_well" in asked,
            note=asked.get("note", ""),
            move="move" in asked,
        )

    return _tried(act, _absence, gettext("It is noted. Have a good time."), "seating_page.absence")


@pages.post("/preferences/absence/<int:absence_id>/end")
@policy(signed_in)
def end(absence_id: int) -> ResponseReturnValue:
    """Back again."""
    whose = None if "admin" in me().roles else me().person_id
    with transaction() as session:
        services().flows.seating.call_off(session, absence_id, actor_of(me()), whose)
    flash(gettext("Welcome back: you are asked yourself again."))
    return _back("seating_page.absence")


@pages.post("/admin/people/<int:person_id>/<any(disable, enable):turn>")
@policy(admin)
def change(person_id: int, turn: str) -> ResponseReturnValue:
    """Shut the account and hand over, or open it again."""
    said = gettext("The account is open again.")

    def do(session: Session) -> str | None:
        seating = services().flows.seating
        if turn == "enable":
            seating.come_back(session, person_id, actor_of(me()))
            return None
        handed = seating.leave(session, person_id, actor_of(me()), _number("successor"))
        words = [ngettext("%(num)s task was handed over.", "%(num)s tasks were handed over.", handed.count)]
        if handed.stuck:
            words.append(ngettext("%(num)s step is stuck.", "%(num)s steps are stuck.", handed.stuck))
        return gettext("The account is shut.") + " " + " ".join(words)

    def again(session: Session, **more: Any) -> str:
        return show_person(session, person_id, **more)

    return _tried(do, again, said, "organisation.person", person_id=person_id)


@pages.get("/admin/stuck")
@policy(admin)
def stuck() -> str:
    """What cannot help itself."""
    with transaction() as session:
        return _stuck(session)


@pages.post("/admin/stuck/<int:run_id>/<int:visit>/<any(take_over, reassign, retry):remedy>")
@policy(admin)
def help_on(run_id: int, visit: int, remedy: str) -> ResponseReturnValue:
    """Take it over, give it to somebody, or have it tried again."""

    def do(session: Session) -> None:
        if remedy == "retry":
            services().flows.operate(session, run_id, actor_of(me()), "retry", visit=visit)
            return
        person = _number("person")
        named = [person] if person is not None else []
        services().flows.seating.step_in(session, run_id, visit, actor_of(me()), remedy, named)

    said = {
        "take_over": gettext("It waits for you now."),
        "reassign": gettext("It was given to them."),
        "retry": gettext("It was tried again."),
    }[remedy]
    return _tried(do, _stuck, said, "seating_page.stuck")


def _tried(
    act: Callable[[Session], str | None], page: Callable[..., str], said: str, endpoint: str, **values: Any
) -> ResponseReturnValue:
    """Do it and say so; or the page again, with what is in the way."""
    try:
        with transaction() as session:
            told = act(session)
    except FormloomError as error:
        if error.code in ("unknown_person", "unknown_run", "unknown_absence"):
            raise
        wrong = [sentence(issue.code, issue.params) for issue in error.issues] or [sentence(error.code, error.params)]
        with transaction() as session:
            return page(session, wrong=list(dict.fromkeys(wrong))), 422
    flash(told or said)
    return _back(endpoint, **values)


def _back(endpoint: str, **values: Any) -> ResponseReturnValue:
    return redirect(url_for(endpoint, **values, of=_number("of")), code=303)


def _absence(session: Session, wrong: list[str] | None = None) -> str:
    of = may_see_for(me(), _number("of"))
    page = absence_page(session, me(), of)
    return render_template("pages/absence.html", nav=load_nav(session), wrong=wrong or (), asked=request.form, **page)


def _stuck(session: Session, wrong: list[str] | None = None) -> str:
    after = request.args.get("after", "0")
    page = stuck_page(session, me(), int(after) if after.isdecimal() and len(after) < 19 else 0)
    return render_template("pages/stuck.html", nav=load_nav(session), wrong=wrong or (), **page)


def _number(name: str) -> int | None:
    raw = request.values.get(name, "")
    return int(raw) if raw.isdecimal() and len(raw) < 19 else None


def _moment(name: str) -> datetime:
    """As a field for date and time gives it, in the workspace's time zone."""
    try:
        found = datetime.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput("invalid_input", issues=(Issue(f"/{name}", "absence_moment"),)) from None
    return found.replace(tzinfo=None)
