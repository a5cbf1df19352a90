"""Publishing where many records must change: a job looks at all of them first, and then it happens at once."""

from typing import Any

import pytest
from formloom import jobs
from formloom.errors import Conflict

from form_engine.definitions_store import evolve, publishing
from form_engine.definitions_store.publishing import ConvertJob, publish
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.starter import starter

ADMIN = Actor.person(1)


class Run:
    """A job's run as `formloom.jobs` gives it, without a worker."""

    def __init__(self, workshop: Any, payload: Any, cancelled_after: int = 99) -> None:
        self.workshop, self.payload, self.by, self.cursor, self.done = workshop, payload, ADMIN.ref, None, 0
        self.told: list[tuple[int | None, int | None]] = []
        self.left = cancelled_after

    def batch(self) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.workshop.work()

    def advance(self, _session: Any, *, done: int | None = None, total: int | None = None, cursor: Any = None) -> None:
        self.told.append((done, total))


@pytest.fixture
def many(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(evolve, "AT_ONCE", 3)
    monkeypatch.setattr(publishing, "BATCH", 2)
    return [workshop.create(name="A", price=str(at) if at != 3 else "three") for at in range(5)]


def draft(workshop: Any, *, accept: bool, label: str = "Price") -> Any:
    """The price becomes a number; asked for by an admin."""
    with workshop.work() as session:
        body = workshop.forms.body(session, "asset")
        body["fields"][1] = {"key": "price", "label": label, "type": "number", "decimals": 0, "index": True}
        revision = workshop.forms.draft(session, "asset").revision
        workshop.forms.save_draft(session, "asset", body, ADMIN, revision=revision)
        done = publish(session, workshop.forms, "asset", ADMIN, accept_loss=accept)
        assert (done.version, done.job is None) == (None, False)
        return Run(workshop, {"key": "asset", "revision": revision + 1, "note": "", "accept_loss": accept})


def test_the_job_looks_at_all_and_publishes(workshop: Any, many: list[int]) -> None:
    run = draft(workshop, accept=True)
    assert workshop.values(many[0])["price"] == "0"  # nothing has happened yet
    assert ConvertJob(workshop.forms)(run) == {
        "key": "asset",
        "version": 2,
        "lost": 1,
        "link": "/admin/forms/asset",
    }
    assert run.told == [(0, 5), (2, None), (4, None), (5, None), (5, None)]
    assert [workshop.values(each).get("price") for each in many] == ["0", "1", "2", None, "4"]
    assert workshop.ids(sort=["-price"])[:2] == [many[4], many[2]]


def test_what_would_be_lost_must_be_accepted(workshop: Any, many: list[int]) -> None:
    run = draft(workshop, accept=False)
    with pytest.raises(Conflict, match="would_lose_values"):
        ConvertJob(workshop.forms)(run)
    assert workshop.values(many[3])["price"] == "three"


def test_a_job_that_is_ended_in_between_has_done_nothing(workshop: Any, many: list[int]) -> None:
    run = draft(workshop, accept=True)
    run.left = 2
    with pytest.raises(KeyboardInterrupt):
        ConvertJob(workshop.forms)(run)
    with workshop.work() as session:
        assert workshop.forms.live(session, "asset").version == 1
    assert workshop.values(many[1])["price"] == "1"


def test_a_draft_that_was_changed_meanwhile_is_not_what_was_asked_for(workshop: Any, many: list[int]) -> None:
    run = draft(workshop, accept=True)
    with workshop.work() as session:
        found = workshop.forms.draft(session, "asset")
        body = {**found.definition, "title": "Other"}
        workshop.forms.save_draft(session, "asset", body, SYSTEM, revision=found.revision)
    with pytest.raises(Conflict, match="revision_conflict"):
        ConvertJob(workshop.forms)(run)


def test_another_draft_is_another_job(workshop: Any, many: list[int]) -> None:
    """The first job is not begun yet when the draft is saved and published again."""
    started = [draft(workshop, accept=True, label=label) for label in ("Cost", "Price")]
    with workshop.work() as session:
        again = publish(session, workshop.forms, "asset", ADMIN, accept_loss=True)
        unfinished = jobs.listing(session, unfinished=True)
    assert [job.payload["revision"] for job in unfinished] == [run.payload["revision"] for run in started[::-1]]
    assert again.job == unfinished[0].id, "the same draft asked for twice is one job"
    with pytest.raises(Conflict, match="revision_conflict"):
        ConvertJob(workshop.forms)(started[0])
    assert ConvertJob(workshop.forms)(started[1])["version"] == 2


def test_only_who_is_known_starts_jobs(workshop: Any) -> None:
    with workshop.work() as session:
        assert starter(session, "system").kind == "system"
        assert starter(session, "flow:leave") == Actor.flow("leave")
        person = starter(session, "person:7")
        assert (person.kind, person.person_id, person.trusted) == ("person", 7, False)
        for ref in (
            "",
            "guest:0c8e3a6e-5f0d-4a55-9d7e-4b0f5f1f7a10",
            "System",
            "person:",
            "person:x",
            "flow:",
            "admin",
        ):
            with pytest.raises(ValueError, match="starts no jobs"):
                starter(session, ref)
