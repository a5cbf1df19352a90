"""Publishing a form with care for its records: at once where they are few, as a job where they are many (ADR 062)."""

from dataclasses import dataclass
from typing import Any, Final

from formloom import jobs
from formloom.errors import Conflict, InvalidDefinition
from formloom.jobs import JobRun
from sqlalchemy.orm import Session

from form_engine.definition import parse_form
from form_engine.definitions_store import upkeep
from form_engine.definitions_store.evolve import check_loss, effects_of, steps_to
from form_engine.definitions_store.form_store import FormStore
from form_engine.evolution.records import Report, concerned, survey
from form_engine.evolution.refresh import refresh_some
from form_engine.recalculation.drain import current_forms
from form_engine.records.actor import Actor
from form_engine.records.starter import starter

KIND: Final = "convert"
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Published:
    """The new version, or the job that will make it live once it has looked at every record."""

    version: int | None = None
    job: int | None = None


def publish(
    session: Session,
    store: FormStore,
    key: str,
    actor: Actor,
    *,
    revision: int | None = None,
    note: str = "",
    accept_loss: bool = False,
) -> Published:
    """Publish the draft. Raises InvalidDefinition with every problem; Conflict `revision_conflict`, and as
    `check_loss`.
    """
    draft = store.draft(session, key)
    store.hold(session, key, revision)
    if not draft.changed:
        raise Conflict("nothing_to_publish", {"key": key})
    effects = effects_of(store, session, key, draft.definition)
    if effects.problems:
        raise InvalidDefinition("invalid_definition", {"kind": store.kind}, effects.problems)
    if effects.as_job:
        asked = {"key": key, "revision": draft.revision, "note": note, "accept_loss": accept_loss}
        total = effects.concerned
        same = f"{key}:{draft.revision}:{accept_loss}"  # of another draft, or of what may be lost, it is another job
        return Published(job=jobs.start(session, KIND, asked, by=actor.ref, title=key, total=total, key=same))
    if effects.report is not None:
        check_loss(effects.report, accept=accept_loss)
    return Published(version=store.publish(session, key, actor, revision=revision, note=note))


def roll_back(
    session: Session,
    store: FormStore,
    key: str,
    version: int,
    actor: Actor,
    *,
    revision: int | None = None,
    note: str = "",
    accept_loss: bool = False,
) -> Published:
    """Publish what version `version` was as a new version, with every check of a publish.

    Raises Conflict `draft_in_the_way` while somebody works on a draft: it would be lost.
    """
    draft, body = store.draft(session, key), store.body(session, key, version)
    store.hold(session, key, revision)
    if draft.changed:
        raise Conflict("draft_in_the_way", {"key": key})
    saved = store.save_draft(session, key, body, actor, revision=draft.revision)
    told = note or f"= {version}"
    return publish(session, store, key, actor, revision=saved, note=told, accept_loss=accept_loss)


class ConvertJob:
    """Looks at every record that must change, then publishes and converts in one transaction: readers see the old form
    with its values or the new one with its own, never a mixture. Cancelled before that, nothing has happened.
    """

    def __init__(self, store: FormStore) -> None:
        self._store = store

    def __call__(self, run: JobRun) -> Any:
        """The job's function. Raises what `publish` raises."""
        asked, store = run.payload, self._store
        key = asked["key"]
        with run.batch() as session:
            actor = starter(session, run.by)
            draft = store.draft(session, key)
            store.hold(session, key, asked["revision"])
            live = store.live(session, key).definition
            steps = steps_to(store, session, live, parse_form(draft.definition))
            run.advance(session, done=0, total=concerned(session, key, steps))
        report, last, going = Report.of(steps), 0, True
        while going:
            with run.batch() as session:
                last = survey(session, key, steps, report, last, BATCH)
                run.advance(session, done=report.seen)
            going = last > 0
        check_loss(report, accept=asked["accept_loss"])
        with run.batch() as session:
            version = store.publish(session, key, actor, revision=asked["revision"], note=asked["note"])
        return {"key": key, "version": version, "lost": report.lost, "link": f"/admin/forms/{key}"}


class RefreshJob:
    """Makes titles and searched words of a form's records anew, batch by batch, going on from where it was."""

    def __init__(self, store: FormStore) -> None:
        self._store = store

    def __call__(self, run: JobRun) -> Any:
        """The job's function."""
        key, ids = run.payload["form"], [0]
        while ids:
            with run.batch() as session:
                forms = current_forms(session, self._store.forms)
                if forms is None or not upkeep.is_mine(session, run):
                    break  # a later publish asks for this and more
                form, what = forms.get(key), run.payload["what"]
                ids = [*refresh_some(session, forms, form, what, run.cursor or 0, BATCH)] if form is not None else []
                if ids:
                    run.advance(session, done=run.done + len(ids), cursor=ids[-1])
                else:
                    upkeep.through(session, run.kind, key)
        return {"records": run.done, "key": key, "link": f"/forms/{key}"}
