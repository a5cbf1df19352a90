"""Administration of who works here: people, roles, departments."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from formloom import audit, people
from formloom.errors import Conflict, FormloomError, InvalidInput, Issue, NotFound
from formloom.i18n import LOCALES
from sqlalchemy.orm import Session

from form_engine.definitions_store.naming import naming_role
from web.context import services, transaction
from web.desk.organisation import choices, departments_page, people_page, roles_page, said
from web.desk.seating_page import colleagues, person_page
from web.identity import actor_of, me
from web.page_frame import load_nav
from web.policies import admin, policy
from web.speech import gettext
from web.whole_number import whole_number
from web.words import sentence

pages = Blueprint("organisation", __name__, url_prefix="/admin")
CODES = ("role_named",)


@pages.get("/people")
@policy(admin)
def index() -> str:
    """Everybody, by page, with how much waits for them; filters stand in the address."""
    asked = {name: request.args.get(name, "")[:100] for name in ("q", "role", "state")}
    asked["department"] = str(whole_number(request.args.get("department", "")) or "")
    with transaction() as session:
        page = people_page(session, asked, request.args.get("after"))
        return render_template("pages/people.html", nav=load_nav(session), **page)


@pages.get("/people/new")
@policy(admin)
def new() -> str:
    """A form for one more account."""
    with transaction() as session:
        return _new(session)


@pages.post("/people")
@policy(admin)
def create() -> ResponseReturnValue:
    """Open an account and send its owner the link by which they choose a password."""
    asked, made = request.form, dict[str, Any]()

    def act(session: Session) -> None:
        person = people.create_person(session, asked.get("login", ""), asked.get("name", ""), **_known(session))
        people.set_roles(session, person.id, asked.getlist("roles"))
        audit.append(session, actor_of(me()).ref, "person.created", f"person:{person.id}", {"roles": _asked_roles()})
        made["id"] = person.id
        made["link"] = services().access.invite(session, person.id, actor_of(me()).ref)

    wrong = _tried(act)
    with transaction() as session:
        if wrong:
            return _new(session, wrong=wrong, asked=asked), 422
        if made["link"] is not None:  # shown once: there is no address to send it to
            return show_person(session, made["id"], link=made["link"])
    flash(gettext("The account is open. A mail with a link to choose a password is on its way."))
    return redirect(url_for("organisation.person", person_id=made["id"]), code=303)


@pages.get("/people/<int:person_id>")
@policy(admin)
def person(person_id: int) -> str:
    """Who it is, what they hold, and the ways out."""
    with transaction() as session:
        return show_person(session, person_id)


@pages.post("/people/<int:person_id>")
@policy(admin)
def change(person_id: int) -> ResponseReturnValue:
    """What is known of them, and their roles."""

    def act(session: Session) -> None:
        known = _known(session)
        department = known.pop("department")
        people.change_person(
            session,
            person_id,
            name=request.form.get("name", ""),
            email=known["email"],
            phone=known["phone"],
            locale=known["locale"],
            department_id=department.id if department else None,
        )
        came, went = people.set_roles(session, person_id, request.form.getlist("roles"))
        told = {"came": sorted(came), "went": sorted(went)}
        audit.append(session, actor_of(me()).ref, "person.changed", f"person:{person_id}", told)

    wrong = _tried(act)
    if wrong:
        with transaction() as session:
            return show_person(session, person_id, wrong=wrong, asked=request.form), 422
    flash(gettext("Saved."))
    return redirect(url_for("organisation.person", person_id=person_id), code=303)


@pages.post("/people/<int:person_id>/<any(invite, log_out):gate>")
@policy(admin)
def door(person_id: int, gate: str) -> ResponseReturnValue:
    """A new link to choose a password; or out everywhere."""
    with transaction() as session:
        people.get_person(session, person_id)
        if gate == "invite":
            link = services().access.invite(session, person_id, actor_of(me()).ref)
            if link is not None:
                return show_person(session, person_id, link=link)
            flash(gettext("A mail with a link to choose a password is on its way."))
        else:
            services().access.end_sessions(session, person_id, actor_of(me()).ref)
            flash(gettext("Logged out in every browser."))
    return redirect(url_for("organisation.person", person_id=person_id), code=303)


@pages.get("/roles")
@policy(admin)
def roles() -> str:
    """All roles, and a form for one more."""
    with transaction() as session:
        return _roles(session)


@pages.post("/roles")
@policy(admin)
def add_role() -> ResponseReturnValue:
    """One more."""

    def act(session: Session) -> None:
        key = request.form.get("key", "").strip()
        people.create_role(session, key, said(request.form))
        audit.append(session, actor_of(me()).ref, "role.created", f"role:{key}", {})

    return _done(act, _roles, gettext("The role is there. Give it to people, and rights to it in forms."), "roles")


@pages.post("/roles/<key>/<any(rename, remove):alteration>")
@policy(admin)
def change_role(key: str, alteration: str) -> ResponseReturnValue:
    """Call it something else, or take it away where nobody holds it and nothing speaks of it."""

    def act(session: Session) -> None:
        if alteration == "rename":
            people.retitle_role(session, key, said(request.form))
        else:
            named = naming_role(session, key)
            if named:
                raise Conflict("role_named", {"role": key, "count": len(named)})
            people.remove_role(session, key)
        audit.append(session, actor_of(me()).ref, f"role.{alteration}d", f"role:{key}", {})

    told = gettext("Saved.") if alteration == "rename" else gettext("The role is gone.")
    return _done(act, _roles, told, "roles")


@pages.get("/departments")
@policy(admin)
def departments() -> str:
    """The tree, and a form for one more."""
    with transaction() as session:
        return _departments(session)


@pages.post("/departments")
@policy(admin)
def add_department() -> ResponseReturnValue:
    """One more."""

    def act(session: Session) -> None:
        key = request.form.get("key", "").strip()
        made = people.create_department(
            session, key, said(request.form), parent=_number("parent"), manager=_number("manager")
        )
        audit.append(session, actor_of(me()).ref, "department.created", f"department:{made.id}", {"key": key})

    return _done(act, _departments, gettext("The department is there."), "departments")


@pages.post("/departments/<int:department_id>/<any(change, remove):alteration>")
@policy(admin)
def change_department(department_id: int, alteration: str) -> ResponseReturnValue:
    """Call it, place it, have it headed differently; or take it away when it is empty."""

    def act(session: Session) -> None:
        if alteration == "change":
            people.change_department(session, department_id, said(request.form), _number("parent"), _number("manager"))
        else:
            people.remove_department(session, department_id)
        audit.append(session, actor_of(me()).ref, f"department.{alteration}d", f"department:{department_id}", {})

    told = gettext("Saved.") if alteration == "change" else gettext("The department is gone.")
    return _done(act, _departments, told, "departments")


def _done(act: Callable[[Session], None], page: Callable[..., str], told: str, endpoint: str) -> ResponseReturnValue:
    """Do it and say so; or the page again, with what is in the way and what was typed."""
    wrong = _tried(act)
    if wrong:
        with transaction() as session:
            return page(session, wrong=wrong, asked=request.form), 422
    flash(told)
    return redirect(url_for(f"organisation.{endpoint}"), code=303)


def _tried(act: Callable[[Session], None]) -> list[str]:
    """What is in the way, in words. What does not exist is no page at all."""
    try:
        with transaction() as session:
            act(session)
    except NotFound:
        raise
    except FormloomError as error:
        found = [sentence(issue.code, issue.params) for issue in error.issues] or [sentence(error.code, error.params)]
        return list(dict.fromkeys(found))
    return []


def _known(session: Session) -> dict[str, Any]:
    """What a form tells of a person besides name and roles."""
    asked = request.form
    department, locale = _number("department"), asked.get("locale", "")
    try:
        home = people.get_department(session, department) if department is not None else None
    except NotFound:
        unknown = Issue("/department", "unknown_department", {"department": department})
        raise InvalidInput("invalid_input", issues=(unknown,)) from None
    return {
        "email": asked.get("email", "").strip()[:254] or None,
        "phone": asked.get("phone", "").strip()[:50] or None,
        "department": home,
        "locale": locale if locale in LOCALES else None,
    }


def _asked_roles() -> list[str]:
    return sorted(set(request.form.getlist("roles")))


def _new(session: Session, **more: Any) -> str:
    told = {"wrong": (), "asked": {}, **more}
    picked = frozenset(request.form.getlist("roles"))
    shown = choices(session, "", request.form.get("department", ""))
    return render_template(
        "pages/person_new.html", nav=load_nav(session), picked=picked, languages=LOCALES, **shown, **told
    )


def show_person(session: Session, person_id: int, **more: Any) -> str:
    """The page of somebody, with what is ``wrong`` or was ``asked``, or a ``link`` that is shown once."""
    page = person_page(session, me(), person_id)
    told = {"wrong": (), "asked": None, "link": None, **more}
    asked = told["asked"]
    picked = frozenset(asked.getlist("roles")) if asked is not None else people.held_by(session, person_id)
    home = asked.get("department", "") if asked is not None else str(page["person"].department_id or "")
    shown = choices(session, "", home)
    return render_template(
        "pages/person.html", nav=load_nav(session), picked=picked, languages=LOCALES, **shown, **page, **told
    )


def _roles(session: Session, **more: Any) -> str:
    told = {"wrong": (), "asked": {}, **more}
    return render_template("pages/roles.html", nav=load_nav(session), **roles_page(session), **told)


def _departments(session: Session, **more: Any) -> str:
    told = {"wrong": (), "asked": {}, **more}
    heads = colleagues(session, 0)
    return render_template(
        "pages/departments.html", nav=load_nav(session), colleagues=heads, **departments_page(session), **told
    )


def _number(name: str) -> int | None:
    return whole_number(request.form.get(name, ""))
