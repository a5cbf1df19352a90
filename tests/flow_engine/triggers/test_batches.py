"""What is written many at a time is told and heard many at a time, and each of it once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from formloom import outbox
from formloom.outbox import Relay, Runner
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.records import late
from form_engine.records.actor import SYSTEM
from form_engine.records.changed import LateSubscriber, RecordChanged
from tests.flow_engine.triggers.conftest import House, flow
from tests.platform.backends import Inline

ENDS = {"on": "date", "field": "end", "offset": "-P7D", "at": "09:00"}


def write(house: House, count: int, via: str | None = None, **values: Any) -> list[int]:
    with house.work() as session:
        rows = [{"name": f"I{n}", **values} for n in range(count)]
        return house.records.import_rows(session, house.forms, "paper", rows, SYSTEM, via=via)


def items(house: House) -> list[dict[str, Any]]:
    with house.work() as session:
        statement = text("SELECT * FROM outbox WHERE kind = 'records.changed' ORDER BY id")
        return [dict(row) for row in session.execute(statement).mappings()]


def test_a_batch_is_one_item_and_each_record_starts_its_run(house: House) -> None:
    house.publish(flow("born", {"on": "created", "when": 'name <> "I3"'}))
    records = write(house, 60)
    (told,) = items(house)
    assert (told["lane"], len(told["payload"]["changes"])) == (outbox.BULK, 60)
    house.settle()
    assert Counter(run["record_id"] for run in house.runs()) == dict.fromkeys((*records[:3], *records[4:]), 1)
    batches = [each["payload"] for each in items(house) if "changes" in each["payload"]]
    assert [len(each["changes"]) for each in batches] == [60, 20, 20, 20], "few runs in a transaction"


def test_large_writes_are_told_in_parts(house: House) -> None:
    house.publish(flow("ends", ENDS))
    write(house, 600, end="2027-03-01")
    assert [len(each["payload"]["changes"]) for each in items(house)] == [250, 250, 100]
    house.settle()
    assert len(house.pending()) == 600


def test_one_write_does_not_wait_behind_many(house: House) -> None:
    house.publish(flow("born", {"on": "created"}))
    write(house, 300)
    house.make()
    assert [each["lane"] for each in items(house)] == [outbox.BULK, outbox.BULK, outbox.SOON]


def test_samples_have_their_dates_and_start_nothing(house: House) -> None:
    house.publish(flow("born", {"on": "created"}), flow("ends", ENDS))
    records = write(house, 3, via="sample:demo", end="2027-03-01")
    house.settle()
    assert house.runs() == []
    assert list(house.pending()) == [f"record:{record}:ends" for record in records]


def test_a_batch_that_changes_what_runs_wait_for_moves_them(house: House) -> None:
    wait = {"key": "w", "type": "wait", "when": 'state = "shut"'}
    house.publish(flow("waits", {"on": "created", "imports": True}, wait))
    records = write(house, 30, via="import:1")
    house.settle()
    assert {run["status"] for run in house.runs()} == {"running"}
    with house.work() as session:
        for record in records[:25]:
            house.records.update(session, house.forms, record, {"state": "shut"}, SYSTEM)
    house.settle()
    assert Counter(run["status"] for run in house.runs()) == {"approved": 25, "running": 5}


def test_batches_that_are_heard_at_once_do_not_lock_each_other_out(house: House) -> None:
    """Three times the same records, heard by three workers in any order: none is a victim of another."""
    house.publish(flow("ends", ENDS), flow("later", {**ENDS, "offset": "P7D"}))
    records = write(house, 250, end="2027-03-01")
    with house.work() as session:
        pairs = [[record, 1] for record in records]
        put = text(
            "INSERT INTO outbox (workspace_id, key, kind, lane, payload) SELECT :workspace, 'again:' || n,"
            " 'records.changed', 3, payload FROM outbox, generate_series(1, 6) n WHERE kind = 'records.changed'"
        )
        session.execute(put, {"workspace": house.workspace})
    assert items(house)[0]["payload"]["changes"] == pairs
    runner, waiting = house.runner, [each["id"] for each in items(house)]
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(lambda item: runner.run(house.workspace, item), waiting))
    assert {each["attempts"] for each in items(house)} == {1}
    assert len(house.pending()) == 500


def test_what_fails_for_one_record_keeps_back_no_other(house: House) -> None:
    house.publish(flow("born", {"on": "created"}))
    records, heard = write(house, 5), []

    def hear(session: Session, change: RecordChanged) -> None:
        if change.after.id == records[2]:
            raise ValueError(change.after.id)
        heard.append(change.after.id)

    listeners = (LateSubscriber(hear, lambda session, batch: batch.records),)
    runner = Runner(house.databases, {late.KIND: late.Late(house.forms, listeners)})
    relay = Relay(house.databases, Inline(runner))
    while relay.run_once():
        pass
    assert heard[-4:] == [record for record in records if record != records[2]]
    (failed,) = (each for each in items(house) if each["done_at"] is None)
    assert failed["payload"]["changes"] == [[records[2], 1]]
    assert failed["last_error"] == f"ValueError: {records[2]}"


def test_a_flood_of_single_writes_is_heard_as_one(house: House) -> None:
    house.publish(flow("born", {"on": "created"}), flow("ends", ENDS))
    records = [house.make(end="2027-03-01") for _ in range(7)]
    house.change(records[3], end="2027-04-01")
    first, *others = items(house)
    assert house.runner.run(house.workspace, first["id"])
    assert Counter(run["record_id"] for run in house.runs()) == dict.fromkeys(records, 1)
    again = f"changed:{records[3]}:2"
    left = {each["key"] for each in items(house) if each["done_at"] is None}
    assert left == {again, *(f"changed:{record}:{3 if record == records[3] else 2}" for record in records)}
    house.settle()
    assert Counter(run["record_id"] for run in house.runs()) == dict.fromkeys(records, 1)
    assert len(house.pending()) == 7
    assert {each["attempts"] for each in others} == {0}
