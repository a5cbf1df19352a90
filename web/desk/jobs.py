"""Jobs as their starter sees them (admins see all): how far, what came of it, what went wrong in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import jobs
from formloom.access import Identity
from formloom.clock import time_zone
from formloom.i18n import localized
from formloom.models import Job
from sqlalchemy.orm import Session

from web.context import services
from web.local_url import local_path
from web.locales import current_locale
from web.phrases.jobs import KINDS, OTHER, STATES, STOPPING
from web.speech import gettext
from web.words import sentence

PAGE = 50


@dataclass(frozen=True, slots=True)
class JobLine:
    """A line of the page. ``share`` is in per cent, None where nobody knows how much there is to do."""

    id: int
    name: str
    title: str
    word: str
    tone: str
    done: int
    total: int | None
    share: int | None
    open: bool
    cancellable: bool
    error: str
    issues: tuple[str, ...]
    link: str
    at: datetime


def owner(identity: Identity) -> str | None:
    """Whose jobs this person may see: their own, or (None) everybody's."""
    return None if "admin" in identity.roles else f"person:{identity.person_id}"


def job_lines(session: Session, identity: Identity, before: int | None = None) -> tuple[JobLine, ...]:
    """The person's own latest jobs."""
    mine = f"person:{identity.person_id}"
    return tuple(line(session, job) for job in jobs.listing(session, mine, before=before, limit=PAGE))


def line(session: Session, job: Job) -> JobLine:
    """A job in words."""
    open_ = job.finished_at is None
    word, tone = STATES[job.state]
    return JobLine(
        id=job.id,
        name=gettext(KINDS.get(job.kind, OTHER)),
        title=_title(session, job.title),
        word=gettext(STOPPING if open_ and job.cancel_asked else word),
        tone=tone,
        done=job.done,
        total=job.total,
        share=share(job),
        open=open_,
        cancellable=open_ and not job.cancel_asked,
        error=_words(job.error),
        issues=tuple(_words(issue) for issue in (job.error or {}).get("issues", ())[:5]),
        link=link_of(job),
        at=job.finished_at or job.started_at or job.created_at,
    )


def share(job: Job) -> int | None:
    """How much is done, in whole per cent; a job that is through is at 100."""
    if job.state == "done":
        return 100
    return min(100, job.done * 100 // job.total) if job.total else None


def link_of(job: Job) -> str:
    """Where the result is to be seen: an address of ours, or nothing."""
    link = job.result.get("link") if isinstance(job.result, dict) else None
    return local_path(link, "") if isinstance(link, str) else ""


def job_json(session: Session, job: Job) -> dict[str, Any]:
    """A job for programs and scripts."""
    zone = time_zone(session)

    def moment(value: datetime | None) -> str | None:
        return value.astimezone(zone).isoformat() if value is not None else None

    return {
        "id": job.id,
        "kind": job.kind,
        "name": gettext(KINDS.get(job.kind, OTHER)),
        "title": _title(session, job.title),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "percent": share(job),
        "cancel_asked": job.cancel_asked,
        "result": job.result,
        "link": link_of(job) or None,
        "error": _error(job.error),
        "created_by": job.created_by,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
    }


def _error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if error is None:
        return None
    issues = [{**issue, "detail": _words(issue)} for issue in error.get("issues", ())]
    return {"code": error["code"], "detail": _words(error), "params": error.get("params", {}), "issues": issues}


def _words(error: Mapping[str, Any] | None) -> str:
    return sentence(error["code"], error.get("params", {})) if error else ""


def _title(session: Session, title: str) -> str:
    """A job about a form is titled by its key: people know it by its name."""
    form = services().forms.forms(session).get(title)
    return localized(form.definition.title, current_locale()) if form is not None else title
