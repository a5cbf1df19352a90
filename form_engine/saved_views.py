"""Views that people keep for themselves or share: how a list looked when they liked it, with its filter.

A saved view is no definition: it has no versions, and what it names and its form has lost is left out when it is
shown. It gives nobody a right: each reader sees of it what they may see.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue, NotFound
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from form_engine.definition.bounds import check_bounds
from form_engine.definition.look import Look, read_look
from form_engine.models import SavedView
from form_engine.query.filter import read_filter
from form_engine.records.actor import Actor
from form_engine.schemas import Checker, schema

MOST: Final = 200
"""Views that one person may keep for one form."""
MAX_TITLE: Final = 80
CODES: Final = ("unknown_view", "too_many_views", "view_of_another")

_DEFINED: Final = frozenset({"kind", "key", "title", "icon", "form", "roles", "where", "near", "asks", "links"})


def views_of_form(session: Session, form: str, actor: Actor) -> Sequence[SavedView]:
    """One's own and the shared ones of a form, by title."""
    statement = select(SavedView).where(
        SavedView.workspace_id == workspace_of(session),
        SavedView.form == form,
        or_(SavedView.owner_id == actor.person_id, SavedView.shared),
    )
    return session.scalars(statement.order_by(SavedView.title, SavedView.id).limit(2 * MOST)).all()


def find(session: Session, view_id: int, actor: Actor) -> SavedView:
    """A view that the actor may use. Raises NotFound `unknown_view`."""
    found = session.get(SavedView, (workspace_of(session), view_id))
    if found is None or not (found.shared or found.owner_id == actor.person_id):
        raise NotFound("unknown_view", {"view": view_id})
    return found


def keep(session: Session, form: str, actor: Actor, title: str, body: Mapping[str, Any], *, shared: bool) -> SavedView:
    """Keep a new one. Raises InvalidInput for a body that is none, Conflict `too_many_views`."""
    if actor.person_id is None:
        raise Forbidden("action_denied")
    own = (
        SavedView.workspace_id == workspace_of(session),
        SavedView.form == form,
        SavedView.owner_id == actor.person_id,
    )
    if (session.scalar(select(func.count()).select_from(SavedView).where(*own)) or 0) >= MOST:
        raise Conflict("too_many_views", {"most": MOST})
    made = SavedView(
        workspace_id=workspace_of(session),
        form=form,
        owner_id=actor.person_id,
        title=_title(title),
        shared=shared,
        body=_body(body),
        updated_at=app_now(session),
    )
    session.add(made)
    session.flush()
    return made


def change(
    session: Session,
    view_id: int,
    actor: Actor,
    *,
    title: str | None = None,
    body: Mapping[str, Any] | None = None,
    shared: bool | None = None,
) -> SavedView:
    """Change what is given. Raises NotFound, and Forbidden `view_of_another`: it is its owner's, a shared one also the
    admins'.
    """
    found = _mine(session, view_id, actor)
    found.title = found.title if title is None else _title(title)
    found.body = found.body if body is None else _body(body)
    found.shared = found.shared if shared is None else shared
    found.updated_at = app_now(session)
    session.flush()
    return found


def forget(session: Session, view_id: int, actor: Actor) -> None:
    """Take a view away. Raises as `change`."""
    session.delete(_mine(session, view_id, actor))
    session.flush()


def look_of(view: SavedView) -> Look:
    """How it looked."""
    return read_look(view.body)


def may_change(view: SavedView, actor: Actor) -> bool:
    """Whether the actor may change it or take it away."""
    return view.owner_id == actor.person_id or (view.shared and "admin" in actor.roles)


def _mine(session: Session, view_id: int, actor: Actor) -> SavedView:
    found = find(session, view_id, actor)
    if not may_change(found, actor):
        raise Forbidden("view_of_another")
    return found


def _title(title: str) -> str:
    stripped = title.strip()
    if not stripped:
        raise InvalidInput("invalid_input", issues=(Issue("/title", "required"),))
    if len(stripped) > MAX_TITLE:
        raise InvalidInput("invalid_input", issues=(Issue("/title", "too_long", {"max": MAX_TITLE}),))
    return stripped


def _body(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept: what people choose of a view, and a filter tree instead of a formula."""
    check_bounds(raw)
    issues = tuple(_checker().issues(dict(raw), "/body"))
    if issues:
        raise InvalidInput("invalid_input", issues=issues)
    try:
        read_filter(raw.get("filter"), "/body/filter")
    except InvalidInput as error:  # said of a question elsewhere, here of what was sent
        raise InvalidInput("invalid_input", issues=error.issues) from error
    return dict(raw)


@cache
def _checker() -> Checker:
    whole = schema("view")
    chosen = {key: part for key, part in whole["properties"].items() if key not in _DEFINED}
    chosen |= {"filter": {"type": ["object", "null"]}, "q": {"type": "string", "maxLength": 200}}
    chosen |= {"view": whole["$defs"]["key"]}
    return Checker({**whole, "required": [], "properties": chosen})


__all__ = ["CODES", "change", "find", "forget", "keep", "look_of", "may_change", "views_of_form"]
