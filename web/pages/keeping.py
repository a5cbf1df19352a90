"""Administration of the workspace itself: its settings, its audit log, its API tokens."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import access, audit, people
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue, NotFound
from formloom.i18n import LOCALES
from formloom.models import Workspace
from formloom.workspaces import change_workspace
from sqlalchemy.orm import Session

from web.context import transaction
from web.desk.audit_page import audit_page
from web.desk.tokens import tokens_page
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import SCOPES, admin, policy
from web.speech import gettext
from web.whole_number import whole_number
from web.words import sentence

pages = Blueprint("keeping", __name__, url_prefix="/admin")
CODES = ("unknown_token", "unknown_scope")
LONGEST_DAYS = 3650


@pages.get("/audit")
@policy(admin)
def log() -> str:
    """Who did what to what, the latest first; filters stand in the address."""
    asked = {name: request.args.get(name, "")[:100] for name in ("actor", "action", "subject", "from", "to")}
    with transaction() as session:
        page = audit_page(session, asked, whole_number(request.args.get("before", "")))
        return render_template("pages/audit.html", nav=load_nav(session), **page)


@pages.post("/audit/verify")
@policy(admin)
def verify() -> ResponseReturnValue:
    """Walk the chain of seals."""
    with transaction() as session:
        verdict = audit.verify(session)
    if verdict.ok:
        flash(gettext("All %(num)s sealed entries are as they were written.", num=verdict.sealed))
    else:
        flash(
            gettext(
                "Entry %(entry)s is not as it was sealed (%(why)s).", entry=verdict.broken_entry, why=verdict.reason
            )
        )
    return redirect(url_for("keeping.log"), code=303)


@pages.get("/tokens")
@policy(admin)
def tokens() -> str:
    """All API tokens, and a form for one more."""
    with transaction() as session:
        return _tokens(session)


@pages.post("/tokens")
@policy(admin)
def make_token() -> ResponseReturnValue:
    """One more; its text is on the page that answers, and never again."""
    asked = request.form
    try:
        with transaction() as session:
            scopes, days = set(asked.getlist("scopes")), whole_number(asked.get("days", "")) or 0
            person = whole_number(asked.get("person", ""))
            _check_token(session, asked.get("name", ""), person, scopes, days)
            made, text = access.create_api_token(
                session, person or 0, asked.get("name", "").strip()[:100], scopes, timedelta(days=days)
            )
            told = {"person": person, "scopes": sorted(scopes), "days": days}
            audit.append(session, actor_of(me()).ref, "token.created", f"token:{made.id}", told)
        with transaction() as session:
            return _tokens(session, text=text)
    except InvalidInput as error:
        wrong = list(dict.fromkeys(sentence(issue.code, issue.params) for issue in error.issues))
        with transaction() as session:
            return _tokens(session, wrong=wrong, asked=asked), 422


@pages.post("/tokens/<int:token_id>/revoke")
@policy(admin)
def revoke(token_id: int) -> ResponseReturnValue:
    """End one at once."""
    with transaction() as session:
        if not access.revoke_api_token(session, token_id):
            raise NotFound("unknown_token", {"id": token_id})
        audit.append(session, actor_of(me()).ref, "token.revoked", f"token:{token_id}", {})
    flash(gettext("The token opens nothing any more."))
    return redirect(url_for("keeping.tokens"), code=303)


@pages.get("/settings")
@policy(admin)
def settings() -> str:
    """What the firm is called, where its clocks are, what its people read by default."""
    with transaction() as session:
        return _settings(session)


@pages.post("/settings")
@policy(admin)
def change_settings() -> ResponseReturnValue:
    """Keep them."""
    asked = {name: request.form.get(name, "") for name in ("name", "time_zone", "locale")}
    try:
        with transaction() as session:
            changed = change_workspace(session, **asked)
            if changed:
                audit.append(session, actor_of(me()).ref, "workspace.changed", "workspace", {"changed": list(changed)})
    except InvalidInput as error:
        wrong = [sentence(issue.code, issue.params) for issue in error.issues]
        with transaction() as session:
            return _settings(session, wrong=wrong, asked=asked), 422
    flash(gettext("Saved."))
    return redirect(url_for("keeping.settings"), code=303)


def _check_token(session: Session, name: str, person: int | None, scopes: set[str], days: int) -> None:
    there = {one.id for one in people.search(session, "", 1000)}
    issues = [Issue(f"/{key}", "required") for key, told in (("name", name.strip()), ("scopes", scopes)) if not told]
    if person not in there:
        issues.append(Issue("/person", "unknown_person"))
    issues += [Issue("/scopes", "unknown_scope", {"scope": each}) for each in sorted(scopes - SCOPES)]
    if not 1 <= days <= LONGEST_DAYS:
        issues.append(Issue("/days", "out_of_range", {"min": 1, "max": LONGEST_DAYS}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _tokens(session: Session, **more: Any) -> str:
    told: dict[str, Any] = {"wrong": (), "asked": {}, "text": None, **more}
    page = tokens_page(session, whole_number(request.args.get("before", "")))
    picked = frozenset(request.form.getlist("scopes"))
    return render_template(
        "pages/tokens.html",
        nav=load_nav(session),
        scopes=sorted(SCOPES),
        picked=picked,
        colleagues=people.search(session, "", 1000),
        own=me().person_id,
        **page,
        **told,
    )


def _settings(session: Session, **more: Any) -> str:
    told: dict[str, Any] = {"wrong": (), "asked": None, **more}
    row = session.get_one(Workspace, workspace_of(session))
    zones = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    )
    return render_template(
        "pages/settings.html", nav=load_nav(session), workspace=row, zones=zones, languages=LOCALES, **told
    )
