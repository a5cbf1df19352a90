"""How I am reached: channels by kind of message, quiet hours, and this browser."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import audit, channels, push
from formloom.errors import InvalidInput, NotFound

from web.context import services, transaction
from web.desk.messages import CHANNEL, KIND, choice_json, device_name
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import policy, public, signed_in
from web.speech import gettext
from web.words import sentence

pages = Blueprint("reach", __name__)


@pages.get("/preferences")
@policy(signed_in)
def show() -> str:
    """My own, or with ``?of=house`` (administrators) everybody's who chose nothing."""
    house = _house()
    with transaction() as session:
        person = channels.HOUSE if house else me().person_id
        told = choice_json(session, person)
        devices = [
            (one.id, device_name(one.endpoint, one.device), one.created_at) for one in push.devices(session, person)
        ]
        nav = load_nav(session)
    kinds = [(kind, gettext(KIND[kind]), told["channels"].get(kind, told["house"][kind])) for kind in told["kinds"]]
    return render_template(
        "pages/preferences.html",
        nav=nav,
        house=house,
        kinds=kinds,
        ways=[(way, gettext(CHANNEL[way])) for way in told["ways"]],
        quiet_from=_clock(told["quiet_from"]),
        quiet_to=_clock(told["quiet_to"]),
        devices=devices,
        push_key=push.public_key(services().settings),
    )


@pages.post("/preferences/channels")
@policy(signed_in)
def choose() -> ResponseReturnValue:
    """Keep what was ticked."""
    house = _house()
    ticked = {kind: [way for way in channels.WAYS if request.form.get(f"{kind}:{way}")] for kind in channels.KINDS}
    quiet = (None, None) if house else (_minutes("quiet_from"), _minutes("quiet_to"))
    try:
        wanted = channels.Choice.checked(ticked, *quiet)
        with transaction() as session:
            channels.choose(session, channels.HOUSE if house else me().person_id, wanted)
            if house:
                audit.append(session, actor_of(me()).ref, "channels.house", "channels:house", {})
        flash(gettext("Saved."))
    except InvalidInput as error:
        flash(" ".join(sentence(issue.code, issue.params) for issue in error.issues))
    return redirect(url_for("reach.show", of="house" if house else None), code=303)


@pages.post("/preferences/devices/<int:device_id>/remove")
@policy(signed_in)
def remove(device_id: int) -> ResponseReturnValue:
    """Reach me there no more."""
    with transaction() as session:
        push.unsubscribe(session, me().person_id, device_id)
    return redirect(url_for("reach.show"), code=303)


@pages.get("/push-worker.js")
@policy(public)
def worker() -> ResponseReturnValue:
    """The script that shows push messages; it stands at the root so that it may speak for the whole site."""
    answer = current_app.send_static_file("push-worker.js")
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _house() -> bool:
    asked = request.values.get("of") == "house"
    if asked and "admin" not in me().roles:
        raise NotFound("route_not_found")
    return asked


def _minutes(name: str) -> int | None:
    hours, _, minutes = request.form.get(name, "").partition(":")
    return int(hours) * 60 + int(minutes) if hours.isdigit() and minutes[:2].isdigit() and len(hours) < 3 else None


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
