"""Bringing older records up to date with what was just published: slots of fields that are indexed now, contributions.

At once where the form has few records, else as a job while the system serves: a field whose slot older records have yet
to get is written from the first moment on and not asked by any list before the job is through (ADR 060).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from formloom import jobs
from formloom.db.uow import workspace_of
from formloom.errors import Unavailable
from formloom.jobs import JobRun
from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.orm import Session

from form_engine.definitions_store import upkeep
from form_engine.fields import RollupConfig
from form_engine.models import FormSlot, Record
from form_engine.recalculation.current import BATCH, bring_up_to_date
from form_engine.recalculation.drain import current_forms, drain, patiently, soon
from form_engine.records.forms import Forms

if TYPE_CHECKING:
    from form_engine.definition import CompiledField, CompiledForm
    from form_engine.recalculation.routes import Route, Routes
    from form_engine.rollups.parts import Feed

KIND: Final = "fill"
AT_ONCE: Final = 1_000
"""So many records are brought up to date while somebody waits for the publish; more are a job."""

Slots = Mapping[str, str]


def many(session: Session, form: str) -> bool:
    """Whether a form has more records than are brought up to date at once."""
    some = select(Record.id).where(*_of(session, form)).limit(AT_ONCE + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > AT_ONCE


def fill(session: Session, forms: Forms, form: str, slots: Slots, by: str) -> None:
    """Bring a form's records up to date, now or by a job that `by` can watch; then `slots` may be asked, and what an
    earlier fill that somebody stopped was to do is done.
    """
    slots = {**upkeep.asked_before(session, KIND, form).get("slots", {}), **slots}
    if many(session, form):
        set_ready(session, form, slots, ready=False)
        upkeep.begin(session, KIND, form, {"slots": slots}, by)
        return
    last = 0
    while ids := _next(session, form, last):
        bring_up_to_date(session, forms, ids)
        last = ids[-1]
    set_ready(session, form, slots, ready=True)
    upkeep.through(session, KIND, form)
    soon(session, forms, by)


def set_ready(session: Session, form: str, slots: Slots, *, ready: bool) -> None:
    """Say of these slots of a form whether lists may ask them. One that another field has got meanwhile is left out."""
    if not slots:
        return
    mine = (FormSlot.workspace_id == workspace_of(session), FormSlot.form == form)
    these = tuple_(FormSlot.field, FormSlot.slot).in_(list(slots.items()))
    statement = update(FormSlot).where(*mine, these).values(ready=ready)
    session.execute(statement.execution_options(synchronize_session=False))


def job(forms_of: Callable[[Session], Forms]) -> jobs.JobWork:
    """The function of the job: the form's records in the order of their ids, then what hangs on them."""

    def work(run: JobRun) -> dict[str, Any]:
        form, slots = run.payload["form"], run.payload["slots"]
        while True:
            with run.batch() as session:
                forms = current_forms(session, forms_of)
                if not upkeep.is_mine(session, run):  # a later publish asks for this and more
                    return {"records": run.done}
                ids = _next(session, form, run.cursor or 0) if forms is not None and form in forms else []
                if forms is not None and ids:
                    if not patiently(session, forms, ids):
                        raise Unavailable("database_busy", {"retry_after": 1})  # the outbox comes back to it
                    run.advance(session, done=run.done + len(ids), cursor=ids[-1])
                else:
                    set_ready(session, form, slots, ready=True)
                    upkeep.through(session, KIND, form)
            if not ids:
                break
        drain(run.databases, run.workspace_id, forms_of, run.by)
        return {"records": run.done, "link": f"/forms/{form}"}

    return work


def forget_parts(session: Session, forms: Forms, rollup: str) -> None:
    """A rollup that is gone, or is fed by other records now, has no parts; those who hang on it are marked."""
    sent = {"ws": workspace_of(session), "rollup": rollup}
    if rollup in forms.routes.causes:
        session.execute(_MARK_PARENTS, sent)
    session.execute(_FORGET, sent)


def changed_slots(before: Forms, after: Forms, form: str) -> list[str]:
    """The computed fields whose slot would say something else by the new definitions, or was not kept before."""
    kept = before.routes.computed_slots(form)
    return [
        path
        for path in after.routes.computed_slots(form)
        if path not in kept or _field_print(before, form, path) != _field_print(after, form, path)
    ]


def used_slots(form: CompiledForm, slots: Slots) -> dict[str, str]:
    """Of the slots that fields have (for ever), those that are kept: a computed field's while it is indexed."""
    return {path: slot for path, slot in slots.items() if not _is_idle(form.field(path))}


def _is_idle(field: CompiledField | None) -> bool:
    return field is not None and field.computed and not field.definition.type.stored and not field.definition.index


def changed_feeds(before: Forms, after: Forms) -> list[Feed]:
    """The rollups to which records contribute something else by the new definitions, or did not before."""
    old = {feed.name: _feed_print(before, feed) for feed in _feeds(before)}
    return [feed for feed in _feeds(after) if old.get(feed.name) != _feed_print(after, feed)]


def gone_feeds(before: Forms, after: Forms) -> list[str]:
    """The rollups that no longer are, or that other records feed now."""
    new = {feed.name: feed.config.form for feed in _feeds(after)}
    return [feed.name for feed in _feeds(before) if new.get(feed.name) != feed.config.form]


def _feeds(forms: Forms) -> Iterable[Feed]:
    return (feed for feeds in forms.feeds.values() for feed in feeds)


def _feed_print(forms: Forms, feed: Feed) -> frozenset[object]:
    """All that decides what a record contributes: how it is shown, and what is made of it, does not matter."""
    routes: set[Route] = set()
    texts = []
    for name, formula in feed.field.formulas.items():
        routes |= forms.routes.of_formula(feed.config.form, formula, feed.config.table)
        texts.append((name, formula.text))
    return frozenset({(feed.config.source, feed.config.via), *texts, *_prints(forms, routes)})


def _field_print(forms: Forms, form: str, path: str) -> frozenset[object]:
    routes: Routes = forms.routes
    return frozenset(_prints(forms, routes.of_field(form, path)))


def _prints(forms: Forms, routes: Iterable[Route]) -> Iterable[object]:
    """What the computed fields on these routes say."""
    for cause in {route.cause for route in routes}:
        form, _, key = cause.partition(".")
        field = forms[form].by_path.get(key) if form in forms else None
        for each in (field, *field.columns) if field is not None else ():
            if each.computed:
                texts = tuple(sorted((name, formula.text) for name, formula in each.formulas.items()))
                config = each.definition.config
                fn = (config.source, config.via, config.fn) if isinstance(config, RollupConfig) else None
                yield cause, each.path, texts, fn, each.type.kind


def _next(session: Session, form: str, after: int) -> list[int]:
    statement = select(Record.id).where(*_of(session, form), Record.id > after).order_by(Record.id).limit(BATCH)
    return list(session.scalars(statement))


def _of(session: Session, form: str) -> tuple[Any, Any]:
    return Record.workspace_id == workspace_of(session), Record.form == form


_FORGET = text("DELETE FROM rollup_part WHERE workspace_id = :ws AND rollup = :rollup")
_MARK_PARENTS = text("""
    INSERT INTO recalculation (workspace_id, record_id, cause)
    SELECT DISTINCT :ws, parent_id, rollup FROM rollup_part WHERE workspace_id = :ws AND rollup = :rollup
""")
