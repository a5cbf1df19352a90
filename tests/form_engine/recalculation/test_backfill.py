"""Publishing over records that are there: slots and contributions follow, at once or as a job meanwhile."""

from typing import Any

import pytest
from formloom import jobs
from sqlalchemy import text

from form_engine.definitions_store import backfill, form_store, publishing, upkeep
from form_engine.recalculation import drain
from tests.platform.backends import Inline


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers are many."""
    monkeypatch.setattr(backfill, "AT_ONCE", 3)
    monkeypatch.setattr(backfill, "BATCH", 2)


def changed(body: dict[str, Any], **fields: dict[str, Any]) -> dict[str, Any]:
    """The same form with some keys of some fields otherwise."""
    return {**body, "fields": [{**each, **fields.get(each["key"], {})} for each in body["fields"]]}


def run(works: Any, rounds: int = 100) -> None:
    from formloom.outbox import Relay, Runner

    of = works.forms.forms
    works_of: dict[str, jobs.JobWork] = {
        backfill.KIND: backfill.job(of),
        drain.KIND: drain.job(of),
        form_store.REFRESH: publishing.RefreshJob(works.forms),
    }
    work = jobs.Jobs(works_of, slice_seconds=0)
    relay = Relay(works.databases, Inline(Runner(works.databases, {jobs.KIND: work})))
    for _ in range(rounds):
        if not relay.run_once():
            return


def test_one_more_indexed_field_is_filled_while_the_house_serves(works: Any, few: None) -> None:
    rates = [works.create("rate", name=f"r{n}", price=str(n)) for n in range(7)]
    works.publish({"rate": changed(works.bodies["rate"], price={"index": True})})
    with works.work() as session:
        (job,) = jobs.listing(session)
        assert (job.kind, job.total, job.state) == ("fill", 7, "queued")
        forms = works.forms.forms(session)
        assert forms.slots["rate"]["price"]
        assert forms.slot("rate", "price") is None, "nothing may be asked of a slot that some records lack"
    asked = {"filter": {"field": "price", "op": "gt", "value": "4"}, "sort": ["-price"]}
    assert works.ids("rate", **asked) == [rates[6], rates[5]]
    run(works, rounds=2)
    assert works.ids("rate", **asked) == [rates[6], rates[5]]
    new = works.create("rate", name="new", price="50")  # written while the job runs
    works.update(rates[0], price="60")
    run(works)
    with works.work() as session:
        assert jobs.find(session, job.id).state == "done"
        slot = works.forms.forms(session).slot("rate", "price")
        assert slot is not None
        rows = session.execute(text(f"SELECT record_id, {slot} FROM record_index WHERE form = 'rate'")).all()
    assert {row[0]: row[1] for row in rows} == {
        **{rate: n * 100 for n, rate in enumerate(rates)},
        rates[0]: 6000,
        new: 5000,
    }
    assert works.ids("rate", **asked) == [rates[0], new, rates[6], rates[5]]


@pytest.mark.parametrize("as_job", [False, True])
def test_a_rollup_that_means_something_else_is_worked_out_anew(
    works: Any, as_job: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if as_job:
        monkeypatch.setattr(backfill, "AT_ONCE", 3)
        monkeypatch.setattr(backfill, "BATCH", 2)
    project = works.create("project", budget="1000")
    order = works.create("order", project=project)
    rate = works.create("rate", name="sand", price="10")
    for n in range(6):
        works.create("item", order=order, rate=rate, quantity=str(n))
    assert works.stored()[project]["left"] == 850
    # Not the rollup itself changes, but a formula of the form that it reads.
    works.publish({"item": changed(works.bodies["item"], cost={"value": "quantity * rate.price * 2"})})
    run(works)
    assert works.stored()[order]["total"] == 300
    assert works.stored()[project]["left"] == 700
    works.publish({"order": changed(works.bodies["order"], total={"where": "target.quantity > 3"})})
    run(works)
    assert works.stored()[project]["left"] == 820
    works.publish({"order": changed(works.bodies["order"], total={"where": "target.quantity > 3", "fn": "max"})})
    run(works)
    assert works.stored()[order]["total"] == 100
    assert works.stored()[project]["left"] == 900
    assert works.marks() == 0


def test_a_rollup_that_goes_takes_its_parts_along(works: Any) -> None:
    order = works.create("order")
    rate = works.create("rate", price="10")
    works.create("item", order=order, rate=rate, quantity="1")
    without = [each for each in works.bodies["order"]["fields"] if each["key"] != "dearest"]
    project = [each for each in works.bodies["project"]["fields"] if each["key"] != "mean"]
    works.publish(
        {
            "order": {**works.bodies["order"], "fields": without},
            "project": {**works.bodies["project"], "fields": project},
        }
    )
    assert {part[1] for part in works.parts()} == {"order.total"}


def test_a_fill_that_was_stopped_is_begun_anew_by_the_next_publish(works: Any, few: None) -> None:
    for n in range(7):
        works.create("rate", name=f"r{n}", price=str(n))
    body = changed(works.bodies["rate"], price={"index": True})
    works.publish({"rate": body})
    with works.work() as session:
        (job,) = jobs.listing(session)
        jobs.cancel(session, job.id)
    run(works)
    with works.work() as session:
        assert works.forms.forms(session).slot("rate", "price") is None
    works.publish({"rate": body})
    run(works)
    with works.work() as session:
        assert works.forms.forms(session).slot("rate", "price") is not None


def test_a_computed_field_that_is_no_longer_indexed_costs_nothing_and_may_come_back(works: Any) -> None:
    order = works.create("order", project=works.create("project", budget="1"))
    rate = works.create("rate", price="10")
    works.publish({"order": changed(works.bodies["order"], total={"index": False}, large={"index": False})})
    with works.work() as session:
        assert works.forms.forms(session).routes.computed_slots("order") == ()
    works.create("item", order=order, rate=rate, quantity="6")
    assert works.ids("order", filter={"field": "total", "op": "eq", "value": "60"}) == [order]
    works.publish({"order": works.bodies["order"]})
    assert works.stored()[order] == {"total": 60, "large": "large\x01large", "title": ""}


def stop(works: Any, kind: str) -> None:
    """Somebody cancels the unfinished jobs of a kind."""
    with works.work() as session:
        for job in jobs.listing(session, unfinished=True):
            if job.kind == kind:
                jobs.cancel(session, job.id)


def twice(works: Any) -> dict[str, Any]:
    """Items cost twice as much: every contribution to an order is another."""
    return changed(works.bodies["item"], cost={"value": "quantity * rate.price * 2"})


@pytest.fixture
def orders(works: Any) -> int:
    order = works.create("order")
    rate = works.create("rate", name="sand", price="10")
    for _ in range(6):
        works.create("item", order=order, rate=rate, quantity="1")
    assert works.stored()[order]["total"] == 60
    return int(order)


@pytest.mark.parametrize("again", ["publish", "sweep"])
def test_contributions_whose_fill_was_stopped_halfway_are_begun_anew(
    works: Any, few: None, orders: int, again: str
) -> None:
    body = twice(works)
    works.publish({"item": body})
    run(works, rounds=1)
    stop(works, backfill.KIND)
    run(works)
    assert works.stored()[orders]["total"] < 120, "the job was stopped in the middle"
    if again == "publish":
        works.publish({"item": body})
    else:
        upkeep.sweep(works.databases)
        upkeep.sweep(works.databases)  # at work already: nothing more is begun
        with works.work() as session:
            assert len(jobs.listing(session, unfinished=True)) == 1
    run(works)
    assert works.stored()[orders]["total"] == 120
    upkeep.sweep(works.databases)
    with works.work() as session:
        assert jobs.listing(session, unfinished=True) == []


def test_a_fill_that_a_later_publish_overtakes_says_nothing_is_ready(works: Any, few: None, orders: int) -> None:
    """The first job has filled some records by the formula of then; the second fills them all."""
    free = changed(works.bodies["item"], cost={"index": False})
    works.publish({"item": free})
    run(works)
    works.publish({"item": works.bodies["item"]})
    run(works, rounds=1)
    works.publish({"item": twice(works)})
    run(works, rounds=2)
    with works.work() as session:
        first, second = [each for each in jobs.listing(session) if each.kind == backfill.KIND][1::-1]
        assert (first.state, second.finished_at) == ("done", None)
        assert works.forms.forms(session).slot("item", "cost") is None
    run(works)
    with works.work() as session:
        assert works.forms.forms(session).slot("item", "cost") is not None
    assert works.stored()[orders]["total"] == 120
    assert {value["cost"] for value in works.stored().values() if "cost" in value} == {20}


@pytest.mark.parametrize("again", ["publish", "sweep"])
def test_titles_whose_making_was_stopped_are_made_anew(works: Any, again: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_store, "AT_ONCE", 3)
    monkeypatch.setattr(publishing, "BATCH", 2)
    rates = [works.create("rate", name=f"r{n}", price=str(n)) for n in range(7)]
    body = {**works.bodies["rate"], "display": 'name & "!"'}
    works.publish({"rate": body})
    run(works, rounds=1)
    with works.work() as session:
        (job,) = jobs.listing(session, unfinished=True)
        assert (job.kind, job.done, job.total) == ("refresh", 2, 7)
    stop(works, form_store.REFRESH)
    run(works)
    if again == "publish":
        works.publish({"rate": body})
    else:
        upkeep.sweep(works.databases)
    run(works)
    stored = works.stored()
    assert [stored[rate]["title"] for rate in rates] == [f"r{n}!" for n in range(7)]
    with works.work() as session:
        done = jobs.listing(session)[0]
        assert (done.state, done.done, done.total) == ("done", 7, 7)
