"""Steps that write beside their own record, on a real database."""

from typing import Any

from formloom import jobs
from formloom.errors import Conflict
from formloom.jobs import Jobs
from formloom.outbox import Relay, Runner

from flow_engine.service.plays import records
from flow_engine.service.plays.records import EACH_JOB
from tests.flow_engine.actions import add, agree, button, change, charges, history, install, make, press
from tests.flow_engine.conftest import World
from tests.flow_engine.test_control_service import ask
from tests.platform.backends import Inline, make_due

CREATE: dict[str, Any] = {
    "key": "bill",
    "type": "create",
    "form": "charge",
    "set": {"agreement": {"=": "id"}, "amount": {"=": "rate * 2"}, "note": {"=": '"for " & name'}},
    "into": "first",
}


def test_a_record_is_made_with_number_link_and_history(world: World) -> None:
    install(world, CREATE)
    agreement = agree(world, rate="100.00")
    (made,) = charges(world, agreement)
    assert (made.data["amount"], made.data["note"], made.data["state"]) == ("200.00", "for Wang", "open")
    assert made.number == "C-00001"
    assert world.value(agreement, "first") == made.id
    run = history(world, agreement)[-1][2]
    assert history(world, made.id) == [("flow:go", "created", run)]
    assert run.startswith("run:")
    world.verify()


def test_a_record_is_made_at_any_start_of_its_status_and_nowhere_else(world: World) -> None:
    install(world, ask("check", "finance"), CREATE | {"set": CREATE["set"] | {"state": {"=": "name"}}})
    planned, void = agree(world, name="planned"), agree(world, name="void")
    assert world.decide(planned, "finance1").status == "approved"
    assert [one.data["state"] for one in charges(world, planned)] == ["planned"]
    assert world.decide(void, "finance1").status == "stuck"
    assert charges(world, void) == []
    world.verify()


def test_what_was_made_counts_at_once_for_what_follows(world: World) -> None:
    note = {"key": "note", "type": "update", "set": {"note": {"=": 'TEXT(asked, "0") & " by " & first.number'}}}
    case = {"key": "much", "when": "asked >= 200", "steps": [ask("check", "finance")]}
    install(world, CREATE, note, {"key": "size", "type": "branch", "cases": [case]})
    agreement = agree(world, rate="100.00")
    assert world.value(agreement, "note") == "200 by C-00001"
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]
    world.verify()


def test_a_decision_that_leads_to_a_record_makes_it_in_its_own_transaction(world: World) -> None:
    install(world, ask("check", "finance", on_approve={"set": {"state": "running"}}), CREATE, ask("last", "supervisor"))
    agreement = agree(world, rate="10.00")
    assert charges(world, agreement) == []
    assert world.decide(agreement, "finance1", idempotency_key="once").status == "running"
    assert [one.data["amount"] for one in charges(world, agreement)] == ["20.00"]
    assert world.value(agreement, "state") == "running"
    assert world.decide(agreement, "supervisor1").status == "approved"
    world.verify()


def test_others_are_updated_by_link_and_by_search_with_the_target_in_sight(world: World) -> None:
    one = {
        "key": "one",
        "type": "update",
        "record": "first",
        "set": {"note": {"=": 'target.number & " of " & name'}},
    }
    many = {
        "key": "many",
        "type": "update",
        "where": {"form": "charge", "via": "agreement", "where": 'target.amount > 5 AND target.state = "open"'},
        "set": {"state": "void", "note": {"=": 'target.note & "!"'}},
    }
    install(world)
    add(world, button("tidy", one, many))
    agreement = agree(world)
    small, large = (make(world, "charge", agreement=agreement, amount=amount) for amount in ("1.00", "10.00"))
    change(world, agreement, first=large)
    press(world, "tidy", agreement)
    notes = {row.id: (row.data.get("note"), row.data["state"]) for row in charges(world, agreement)}
    assert notes == {small: (None, "open"), large: ("C-00002 of Wang!", "void")}
    assert [entry[:2] for entry in history(world, large)] == [
        ("system", "created"),
        ("flow:tidy", "updated"),
        ("flow:tidy", "updated"),
    ]
    world.verify()


def test_a_blank_link_means_no_record(world: World) -> None:
    install(world, {"key": "one", "type": "update", "record": "first", "set": {"note": "x"}}, ask("check", "finance"))
    agreement = agree(world)
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]


def test_records_are_removed_with_what_their_links_say(world: World) -> None:
    gone = {
        "key": "gone",
        "type": "delete",
        "where": {"form": "charge", "via": "agreement", "where": "target.amount > 5"},
    }
    install(world)
    add(world, button("tidy", gone), button("end", {"key": "away", "type": "delete"}))
    agreement = agree(world)
    for amount in ("1.00", "10.00", "20.00"):
        make(world, "charge", agreement=agreement, amount=amount)
    press(world, "tidy", agreement)
    assert [row.data["amount"] for row in charges(world, agreement)] == ["1.00"]
    other = agree(world)
    broke = make(world, "break", agreement=other)
    run = press(world, "end", other)
    assert history(world, other)[-1] == ("flow:end", "deleted", f"run:{run}")
    assert history(world, broke)[-1] == ("flow:end", "deleted", f"run:{run}")
    with world.work() as session:
        assert world.flows.run(session, run).status == "stopped"
    world.verify()


def test_people_are_written_to_a_field(world: World) -> None:
    steps: list[dict[str, Any]] = [
        {"key": "who", "type": "assign", "field": "owner", "to": {"role": "finance"}},
        {"key": "all", "type": "assign", "field": "helpers", "to": [{"role": "supervisor"}, {"initiator": True}]},
        {"key": "none", "type": "assign", "field": "owner", "to": {"role": "director"}, "if_nobody": "keep"},
    ]
    install(world, *steps, ask("check", "agent"))
    agreement = agree(world)
    people = world.people
    assert world.value(agreement, "owner") == people["finance1"].id
    assert world.value(agreement, "helpers") == [people[name].id for name in ("supervisor1", "supervisor2", "agent1")]
    install(world, {"key": "who", "type": "assign", "field": "owner", "to": {"role": "director"}})
    stuck = agree(world)
    assert [row["kind"] for row in world.tasks(stuck)] == ["stuck"]
    world.verify()


def test_each_row_and_each_record_in_one_go(world: World) -> None:
    rows = {
        "key": "rows",
        "type": "each",
        "over": "items",
        "where": "row.amount > 0",
        "do": [
            {
                "key": "bill",
                "type": "create",
                "form": "charge",
                "set": {"agreement": {"=": "id"}, "amount": {"=": "row.amount"}, "note": {"=": "row.name"}},
                "into": "items.charge",
            },
            {"key": "mark", "type": "update", "record": "row", "set": {"done": True}},
        ],
    }
    records = {
        "key": "records",
        "type": "each",
        "over": {"form": "charge", "via": "agreement", "sort": ["-amount"]},
        "do": [
            {"key": "name", "type": "update", "record": "row", "set": {"note": {"=": 'row.note & "/" & target.number'}}}
        ],
    }
    install(world, rows, records)
    items = [{"name": name, "amount": amount} for name, amount in (("a", "5.00"), ("b", "0.00"), ("c", "7.00"))]
    agreement = agree(world, items=items)
    found = charges(world, agreement)
    assert [row.data["note"] for row in found] == ["a/C-00001", "c/C-00002"]
    kept = world.value(agreement, "items")
    assert [(row["name"], row.get("charge"), row.get("done")) for row in kept] == [
        ("a", found[0].id, True),
        ("b", None, None),
        ("c", found[1].id, True),
    ]
    world.verify()


def test_a_loop_goes_over_records_and_asks_about_each(world: World) -> None:
    big = {"key": "big", "when": "row.amount > 5", "steps": [ask("check", "finance")]}
    loop = {
        "key": "through",
        "type": "loop",
        "each": {"form": "charge", "via": "agreement", "where": 'target.state = "open"', "sort": ["-amount"]},
        "steps": [
            {
                "key": "size",
                "type": "branch",
                "cases": [big],
            },
            {
                "key": "note",
                "type": "update",
                "record": "row",
                "set": {"note": {"=": '"seen " & TEXT(target.amount, "0")'}},
            },
        ],
    }
    install(world)
    add(world, button("look", loop))
    agreement = agree(world)
    for amount in ("1.00", "10.00", "7.00"):
        make(world, "charge", agreement=agreement, amount=amount)
    press(world, "look", agreement)
    world.decide(agreement, "finance1")
    assert [row.data.get("note") for row in charges(world, agreement)] == [None, "seen 10", None]
    assert world.decide(agreement, "finance2").status == "approved"
    assert [row.data.get("note") for row in charges(world, agreement)] == ["seen 1", "seen 10", "seen 7"]
    world.verify()


def many(world: World, monkeypatch: Any, count: int) -> tuple[int, int, Relay]:
    """An agreement with more charges than a step may write at once, and the run that goes through them."""
    monkeypatch.setattr("flow_engine.steps.each.MOST_AT_ONCE", 5)
    monkeypatch.setattr("flow_engine.service.chunks.CHUNK", 3)
    each = {
        "key": "through",
        "type": "each",
        "over": {"form": "charge", "via": "agreement"},
        "do": [
            {"key": "note", "type": "update", "record": "row", "set": {"note": {"=": 'target.note & "x"'}}},
            {"key": "copy", "type": "create", "form": "charge", "set": {"agreement": {"=": "id"}, "amount": "1.00"}},
        ],
    }
    install(world)
    add(world, button("all", each, ask("check", "finance")))
    agreement = agree(world)
    for _ in range(count):
        make(world, "charge", agreement=agreement, amount="10.00")
    work = Jobs(world.flows.chunks.works(), broke={EACH_JOB: world.flows.chunks.broke})
    runner = Runner(world.databases, {jobs.KIND: work}, given_up={jobs.KIND: work.given_up}, most_attempts=2)
    return agreement, press(world, "all", agreement), Relay(world.databases, Inline(runner))


def test_more_than_one_transaction_takes_are_worked_off_by_a_job(world: World, monkeypatch: Any) -> None:
    agreement, run, relay = many(world, monkeypatch, 8)
    assert world.tasks(agreement) == []
    relay.run_once()
    notes = [row.data.get("note") for row in charges(world, agreement)]
    assert notes == ["x"] * 8 + [None] * 8, "each once, and none of those that came meanwhile"
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]
    assert {history(world, row.id)[-1][2] for row in charges(world, agreement)} == {f"run:{run}"}
    world.verify()


def test_a_chunk_that_lost_a_race_is_tried_again_and_no_incident(world: World, monkeypatch: Any) -> None:
    agreement, _, relay = many(world, monkeypatch, 8)
    real, busy = records.do, [True]

    def do(stage: Any, key: str, items: Any) -> None:
        if busy:
            busy.clear()
            raise Conflict("run_busy")
        real(stage, key, items)

    monkeypatch.setattr(records, "do", do)
    relay.run_once()
    assert world.tasks(agreement) == []
    make_due(world.databases)
    relay.run_once()
    assert [row.data.get("note") for row in charges(world, agreement)][:8] == ["x"] * 8
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]
    world.verify()


def test_a_cancelled_job_lets_the_run_go_on(world: World, monkeypatch: Any) -> None:
    agreement, _, relay = many(world, monkeypatch, 8)
    with world.work() as session:
        (job,) = jobs.listing(session)
        jobs.cancel(session, job.id)
    relay.run_once()
    assert [row.data.get("note") for row in charges(world, agreement)] == [None] * 8
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]
    world.verify()


def test_a_chunk_that_fails_is_an_incident_and_goes_on_where_it_stopped(world: World, monkeypatch: Any) -> None:
    agreement, _, relay = many(world, monkeypatch, 8)
    fifth = charges(world, agreement)[4]
    real, failing = records.do, [fifth.id]

    def do(stage: Any, key: str, items: Any) -> None:
        if any(int(item[1]) in failing for item in items):
            raise Conflict("record_gone", {"id": failing[0]})
        real(stage, key, items)

    monkeypatch.setattr(records, "do", do)
    relay.run_once()
    (task,) = world.tasks(agreement)
    assert task["kind"] == "incident"
    assert [row.data.get("note") for row in charges(world, agreement)] == ["x"] * 3 + [None] * 5 + [None] * 3
    failing.clear()
    world.decide(agreement, "admin1", "retry")
    relay.run_once()
    notes = [row.data.get("note") for row in charges(world, agreement)]
    assert notes[:8] == ["x"] * 8, "none twice"
    assert [row["step"] for row in world.tasks(agreement)] == ["check", "check"]
    world.verify()
