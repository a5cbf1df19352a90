"""Incidents, operations and figures with a database: nothing lost, replayable, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from formloom.errors import FormloomError, IllegalTransition, InvalidDefinition, Issue, NotFound
from sqlalchemy import text

from flow_engine.service.runs import RunQuery
from form_engine.records.actor import SYSTEM, Actor
from tests.flow_engine.conftest import PAYMENT, World

BROKEN: dict[str, Any] = {
    "kind": "flow",
    "key": "broken",
    "title": {"en": "Broken"},
    "form": "payment",
    "trigger": {"on": "submit", "when": 'payer = "Broken"'},
    "on_cancel": {"set": {"status": "void"}},
    "steps": [
        {"key": "check", "type": "approve", "by": {"role": "finance"}, "fields": {"*": "read"}},
        {
            "key": "size",
            "type": "branch",
            "cases": [
                {
                    "key": "large",
                    "title": {"en": "Large"},
                    "when": "amount >= 50000",
                    "steps": [{"key": "boss", "type": "approve", "by": {"role": "supervisor"}}],
                }
            ],
        },
        {"key": "divide", "type": "update", "set": {"note": {"=": 'TEXT(100 / amount, "0.00")'}}},
        {"key": "last", "type": "approve", "by": {"role": "supervisor"}},
    ],
}


def publish(world: World, flow: dict[str, Any] = BROKEN) -> None:
    with world.work() as session:
        world.flows.definitions.publish_together(session, {flow["key"]: flow}, SYSTEM)


def begin(world: World, amount: str = "0.00", **more: Any) -> tuple[int, int]:
    """A record whose flow divides by its amount, and its run."""
    record = world.pay(payer="Broken", amount=amount, **more)
    with world.work() as session:
        run: int = session.execute(text("SELECT id FROM run WHERE record_id = :r"), {"r": record}).scalar_one()
    return record, run


def status(world: World, run: int) -> str:
    with world.work() as session:
        found: str = session.execute(text("SELECT status FROM run WHERE id = :run"), {"run": run}).scalar_one()
    return found


def incident(world: World, run: int) -> int:
    with world.work() as session:
        return world.flows.story(session, run).incidents[0].visit


def operate(world: World, run: int, act: str, **more: Any) -> None:
    with world.work() as session:
        world.flows.operate(session, run, world.actor("admin1"), act, **more)


def at(world: World, run: int) -> list[str]:
    with world.work() as session:
        return [f"{place.step}/{place.kind}" for place in world.flows.story(session, run).run.at]


@pytest.fixture
def broken(world: World) -> World:
    publish(world)
    return world


def test_the_decision_stands_and_an_administrator_mends_the_record_and_goes_on(broken: World) -> None:
    record, run = begin(broken)
    answer = broken.decide(record, "finance1")
    assert answer.status == "stuck"
    assert at(broken, run) == ["divide/incident"]
    assert broken.value(record, "note") is None
    with broken.work() as session:
        found = broken.flows.story(session, run).incidents[0]
    assert (found.code, found.effect) == ("invalid_input", "SetFields")
    assert found.params["issues"][0]["params"] == {"error": "#DIV/0!"}
    broken.verify()
    again = broken.decide(record, "admin1", "retry", changes={"amount": "8.00"})
    assert (again.status, at(broken, run)) == ("running", ["last/step"])
    assert (broken.value(record, "amount"), broken.value(record, "note")) == ("8.00", "12.50")
    assert [task["decision"] for task in broken.tasks(record, "done")] == ["approve", "retry"]
    broken.verify()


def test_skipping_needs_a_reason_and_leaves_the_effect_out(broken: World) -> None:
    record, run = begin(broken)
    broken.decide(record, "finance2")
    with pytest.raises(FormloomError):
        broken.decide(record, "admin1", "skip")
    broken.decide(record, "admin1", "skip", comment="the amount is free of charge")
    assert (status(broken, run), at(broken, run)) == ("running", ["last/step"])
    assert broken.value(record, "note") is None
    broken.verify()


def test_a_retry_that_fails_again_is_the_same_incident(broken: World) -> None:
    record, run = begin(broken)
    broken.decide(record, "finance1")
    broken.decide(record, "admin1", "retry")
    assert (status(broken, run), at(broken, run)) == ("stuck", ["divide/incident"])
    broken.decide(record, "admin1", "retry", changes={"amount": "4.00"})
    assert status(broken, run) == "running"
    broken.verify()


def test_a_start_that_fails_submits_the_record_all_the_same(world: World) -> None:
    publish(world, {**BROKEN, "steps": BROKEN["steps"][2:]})
    record, run = begin(world)
    assert (status(world, run), at(world, run)) == ("stuck", ["divide/incident"])
    world.decide(record, "admin1", "retry", changes={"amount": "2.00"})
    assert at(world, run) == ["last/step"]
    world.verify()


def test_two_administrators_retry_at_once_and_one_of_them_is_told(broken: World) -> None:
    record, run = begin(broken, amount="5.00", note="x")
    broken.decide(record, "finance1")
    other, _ = begin(broken)
    broken.decide(other, "finance1")

    def retry(number: int) -> str:
        try:
            if number % 2:
                return str(broken.decide(other, "admin1", "skip", comment="go on").status)
            operate(broken, broken_run, "skip", visit=visit, reason="go on")
        except (FormloomError, AssertionError) as error:
            return type(error).__name__
        return "running"

    broken_run = next(line.id for line in listed(broken, incident=True))
    visit = incident(broken, broken_run)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(retry, range(4)))
    assert outcomes.count("running") == 1, outcomes
    assert at(broken, broken_run) == ["last/step"]
    assert at(broken, run) == ["last/step"]
    broken.verify()


def test_what_the_database_refuses_of_a_flows_write_is_an_incident(world: World, refusing_form: None) -> None:
    steps = [BROKEN["steps"][0], {"key": "mark", "type": "update", "set": {"note": "taken"}}]
    publish(world, {**BROKEN, "steps": steps})
    first, _ = begin(world, amount="1.00")
    world.decide(first, "finance1")
    assert world.value(first, "note") == "taken"
    record, run = begin(world, amount="2.00")
    assert world.decide(record, "finance1").status == "stuck"
    with world.work() as session:
        assert world.flows.story(session, run).incidents[0].code == "not_unique_hidden"
    world.decide(record, "admin1", "skip", comment="twice")
    assert status(world, run) == "approved"
    world.verify()


@pytest.fixture
def refusing_form(world: World) -> None:
    with world.work() as session:
        world.forms.publish_together(session, {"payment": {**PAYMENT, "unique": [["note"]]}}, SYSTEM)


def listed(world: World, **query: Any) -> tuple[Any, ...]:
    with world.work() as session:
        return world.flows.list_runs(session, RunQuery(**query), world.actor("admin1")).items


def test_the_story_says_why_a_condition_held(broken: World) -> None:
    record, run = begin(broken, amount="52000.00")
    broken.decide(record, "finance1", comment="fine")
    with broken.work() as session:
        told = broken.flows.story(session, run)
    start, decided = told.passages
    assert (start.what, [each.step for each in start.opened]) == ("started", ["check"])
    assert (decided.act, decided.actor_name, decided.comment) == ("approve", broken.people["finance1"].name, "fine")
    condition = decided.conditions[0]
    assert (condition.formula, condition.values, condition.answer) == (
        "amount >= 50000",
        {"amount": "52000.00"},
        True,
    )
    assert [(each.step, each.depth, each.open) for each in decided.opened] == [("boss", 1, True)]
    assert [step for step, _, _ in told.targets] == ["check", "size", "boss", "divide", "last"]


def test_jump_and_cancel_are_audited_and_leave_nothing_open(broken: World) -> None:
    record, run = begin(broken, amount="5.00")
    operate(broken, run, "jump", step="last", reason="checked by telephone")
    assert at(broken, run) == ["last/step"]
    assert {task["step"] for task in broken.tasks(record)} == {"last"}
    operate(broken, run, "cancel", reason="entered twice")
    assert status(broken, run) == "stuck", "the status cannot become void from where it is"
    operate(broken, run, "skip", visit=incident(broken, run), reason="never mind the status")
    assert status(broken, run) == "cancelled"
    assert broken.tasks(record) == []
    with broken.work() as session:
        acts = session.execute(
            text("SELECT action FROM audit_entry WHERE subject = :run ORDER BY id"), {"run": f"run:{run}"}
        ).scalars()
        assert [act for act in acts if act.startswith("run.")] == [
            "run.started",
            "run.jump",
            "run.incident",
            "run.skip",
        ]
        held = session.execute(text("SELECT run_id FROM record WHERE id = :id"), {"id": record}).scalar_one()
        assert held is None
    with pytest.raises(IllegalTransition, match="run_ended"):
        operate(broken, run, "cancel", reason="again")
    with pytest.raises(NotFound):
        operate(broken, 10**12, "cancel", reason="no such run")
    broken.verify()


def test_work_outside_that_gave_up_is_one_incident_however_often_it_is_told(world: World) -> None:
    steps = [{"key": "nap", "type": "wait", "for": "P1D"}, BROKEN["steps"][3]]
    publish(world, {**BROKEN, "steps": steps})
    _, run = begin(world)
    with world.work() as session:
        visit = world.flows.story(session, run).run.at[0].visit
        assert world.flows.failed(session, run, visit, "given_up", {"status": 500})
    with world.work() as session:
        assert not world.flows.failed(session, run, visit, "given_up", {"status": 500})
    assert at(world, run) == ["nap/step", "nap/incident"]
    operate(world, run, "skip", visit=incident(world, run), reason="by hand")
    assert at(world, run) == ["last/step"]
    world.verify()


def test_a_version_that_cannot_be_read_any_more_shows_an_incident_and_can_be_cancelled(broken: World) -> None:
    record, run = begin(broken, amount="5.00")
    spoil(broken, "broken")
    assert broken.decide(record, "finance1").status == "stuck"
    with broken.work() as session:
        told = broken.flows.story(session, run)
        assert broken.flows.inbox(session, broken.people["admin1"].id).items[0].step == "check"
        assert [item.run for item in broken.flows.timeline(session, record)[0].moments] == [run, run]
    assert (told.run.lost, told.incidents[0].code) == (True, "definition_lost")
    broken.decide(record, "admin1", "retry")
    assert status(broken, run) == "stuck"
    operate(broken, run, "cancel", reason="of another age")
    assert status(broken, run) == "cancelled"


def spoil(world: World, flow: str) -> None:
    """As if it had been published by a release that knew another type of step."""
    store, catalogue = world.flows.definitions, world.flows._catalogue
    parse = store._parse

    def refuse(raw: Any) -> Any:
        if raw["key"] == flow:
            raise InvalidDefinition("invalid_flow", issues=(Issue("/steps/0/type", "not_an_option"),))
        return parse(raw)

    store._parse = refuse
    store._parsed.clear()
    catalogue._kept.clear()


def test_a_retired_flow_starts_nothing_and_open_runs_go_on(broken: World) -> None:
    record, run = begin(broken, amount="5.00")
    with broken.work() as session:
        broken.flows.definitions.retire(session, "broken", broken.actor("admin1"))
    other = broken.pay(payer="Broken", amount="5.00")
    with broken.work() as session:
        flows = session.execute(text("SELECT flow FROM run WHERE record_id = :r"), {"r": other}).scalars().all()
        with pytest.raises(NotFound):
            broken.flows.start(session, "broken", other, broken.actor("agent1"))
    assert flows == ["confirmation"], "the next flow that listens"
    broken.decide(record, "finance1")
    assert at(broken, run) == ["last/step"]
    with broken.work() as session:
        broken.flows.definitions.retire(session, "broken", broken.actor("admin1"), retired=False)
    assert begin(broken, amount="6.00")


def test_a_record_that_was_purged_under_its_run_is_an_incident_and_can_be_cancelled(world: World) -> None:
    steps = [{"key": "nap", "type": "wait", "for": "P1D"}, BROKEN["steps"][2]]
    publish(world, {**BROKEN, "steps": steps, "holds": False})
    record, run = begin(world, amount="5.00")
    with world.work() as session:
        session.execute(text("DELETE FROM record WHERE id = :id"), {"id": record})
    with world.work() as session:
        visit = world.flows.story(session, run).run.at[0].visit
        world.flows.fire(session, {"run": run, "visit": visit, "action": 0})
    assert (status(world, run), at(world, run)) == ("stuck", ["nap/step", "divide/incident"])
    operate(world, run, "cancel", reason="its record is gone")
    operate(world, run, "skip", visit=incident(world, run), reason="nothing to set")


def test_runs_are_found_by_what_is_known_of_them(broken: World) -> None:
    record, run = begin(broken)
    broken.decide(record, "finance1")
    calm, calm_run = begin(broken, amount="5.00", note="needle in the hay")
    other = broken.pay()
    assert [line.id for line in listed(broken, flow="broken")] == [calm_run, run]
    assert [line.id for line in listed(broken, incident=True)] == [run]
    assert [line.id for line in listed(broken, step="check")] == [calm_run]
    assert [line.record for line in listed(broken, status="open", sort="oldest")] == [record, calm, other]
    assert [line.id for line in listed(broken, q="needle")] == [calm_run]
    assert {line.record for line in listed(broken, q=broken.people["agent1"].name)} == {record, calm, other}
    assert listed(broken, q="100%") == ()
    assert [line.record for line in listed(broken, record=calm)] == [calm]
    assert listed(broken, until=datetime(2000, 1, 1, tzinfo=UTC)) == ()
    assert listed(broken, overdue=True) == ()
    assert [line.record for line in listed(broken, sort="due")] == [other], "the only one with a due time"
    with broken.work() as session:
        page = broken.flows.list_runs(session, RunQuery(limit=2), broken.actor("admin1"))
        rest = broken.flows.list_runs(session, RunQuery(limit=2, cursor=page.next), broken.actor("admin1"))
    assert [line.record for line in (*page.items, *rest.items)] == [other, calm, record]
    assert rest.next is None


def test_who_may_not_read_a_record_does_not_find_its_run_by_its_words(broken: World) -> None:
    begin(broken, amount="5.00", note="needle in the hay")
    with broken.work() as session:
        stranger = Actor.person(10**9, frozenset({"director"}), "Nobody")
        nobody = broken.flows.list_runs(session, RunQuery(q="needle"), stranger)
    assert nobody.items == ()


def test_figures_are_those_that_are_worked_out_by_hand(broken: World) -> None:
    """Four visits of `check`: 1 h, 3 h, 5 h and one open: median 3 h, nine of ten within 4.6 h."""
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    records = [begin(broken, amount="5.00")[0] for _ in range(4)]
    with broken.work() as session:
        session.execute(text("UPDATE task SET opened_at = :at, due_at = NULL"), {"at": start})
    for record in records[:3]:
        broken.decide(record, "finance1", "reject" if record == records[2] else "approve")
    with broken.work() as session:
        for hours, record in zip((1, 3, 5), records, strict=False):
            told = {"at": start + timedelta(hours=hours), "record": record, "due": start + timedelta(hours=2)}
            session.execute(
                text("UPDATE task SET ended_at = :at, due_at = :due WHERE record_id = :record AND step = 'check'"), told
            )
            session.execute(text("UPDATE task SET opened_at = :at WHERE record_id = :record AND step <> 'check'"), told)
        session.execute(text("UPDATE task SET due_at = :due WHERE record_id = :r"), {"due": start, "r": records[3]})
        figures = broken.flows.figures(session, "broken", start, start + timedelta(days=1))
    found = {each.step: each for each in figures.steps}
    check = found["check"]
    assert (check.visits, check.done, check.open, check.overdue, check.late) == (4, 3, 1, 1, 2)
    assert (check.median, check.p90) == (timedelta(hours=3), timedelta(hours=4.6))
    assert (check.returned, check.rejected) == (0, 1)
    assert (found["last"].visits, found["last"].open, found["last"].median) == (2, 2, None)
    with broken.work() as session:
        later = broken.flows.figures(session, "broken", start + timedelta(hours=6), start + timedelta(days=1))
    assert later.steps == ()


def test_health_counts_what_needs_somebody(broken: World) -> None:
    record, _ = begin(broken)
    broken.decide(record, "finance1")
    with broken.work() as session:
        found = broken.flows.health(session)
    assert (found.stuck, found.incidents, found.dead_letters, found.late_timers) == (1, 1, 0, 0)


def test_a_retried_decision_is_still_that_of_whoever_decided(world: World) -> None:
    steps = [BROKEN["steps"][0], {"key": "sign", "type": "update", "set": {"note": {"=": NOTED}}}]
    publish(world, {**BROKEN, "steps": steps})
    record, run = begin(world, by="admin1")
    world.decide(record, "finance1")
    assert at(world, run) == ["sign/incident"]
    world.decide(record, "admin1", "retry", changes={"amount": "1.00"})
    assert world.value(record, "note") == "not the initiator"
    world.verify()


NOTED = 'IF(100 / amount > 0, IF(ME() = INITIATOR(), "the initiator", "not the initiator"), "")'


def test_the_way_of_a_run_tells_no_values_of_fields_that_the_reader_may_not_read(broken: World) -> None:
    record, run = begin(broken, amount="60000.00")
    broken.decide(record, "finance1")

    def told(reader: Actor | None) -> list[Any]:
        with broken.work() as session:
            passages = broken.flows.story(session, run, reader).passages
        return [dict(one.values) for each in passages for one in each.conditions]

    assert told(None) == told(broken.actor("admin1")) == [{"amount": "60000.00"}]
    less = {"may": ["read"], "fields": {"amount": "hidden", "*": "read"}}
    access = [{**rule, **less} if rule["role"] == "admin" else rule for rule in PAYMENT["access"]]
    with broken.work() as session:
        broken.forms.publish_together(session, {"payment": {**PAYMENT, "access": access}}, SYSTEM)
    assert told(broken.actor("admin1")) == [{}]
