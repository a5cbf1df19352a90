"""The page of one's own jobs: a list that moves by itself, with a way to stop what is under way."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from formloom import jobs

from web.context import transaction
from web.desk.jobs import job_lines, owner
from web.identity import me
from web.page_frame import load_nav
from web.policies import policy, signed_in

pages = Blueprint("work", __name__)


@pages.get("/jobs")
@policy(signed_in)
def show() -> str:
    """One's latest jobs."""
    with transaction() as session:
        lines = job_lines(session, me())
        nav = load_nav(session)
    return render_template("pages/jobs.html", nav=nav, jobs=lines)


@pages.get("/jobs/list")
@policy(signed_in)
def fragment() -> str:
    """The list alone, asked for again whenever a job has moved."""
    with transaction() as session:
        lines = job_lines(session, me())
    return render_template("parts/job_list.html", jobs=lines)


@pages.post("/jobs/<int:job_id>/cancel")
@policy(signed_in)
def cancel(job_id: int) -> ResponseReturnValue:
    """Ask a job to end."""
    with transaction() as session:
        jobs.cancel(session, job_id, owner(me()))
    return redirect(url_for("work.show"), 303)
