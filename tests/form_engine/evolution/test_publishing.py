"""Publishing where many records must change: a job looks at all of them first, and then it happens at once."""

from typing import Any

import pytest
from formloom.errors import Conflict

from form_engine.definitions_store import evolve, publishing
from form_engine.definitions_store.publishing import ConvertJob, publish
from form_engine.records.actor import SYSTEM, Actor

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


def draft(workshop: Any, *, accept: bool) -> Any:
    """The price becomes a number; asked for by an admin."""
    with workshop.work() as session:
        body = workshop.forms.body(session, "asset")
        body["fields"][1] = {"key": "price", "type": "number", "decimals": 0, "index": True}
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
