"""Runs on a real database: two round trips, one transaction, one winner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from formloom.errors import Conflict, Forbidden, FormloomError, IllegalTransition, InvalidInput, NotFound
from formloom.models import StoredFile
from formloom.timers import Clock
from sqlalchemy import delete, text

from flow_engine.service import decide, timer_handlers
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import PAYMENT, World
from tests.flow_engine.flows import CONFIRMATION


def count(world: World, table: str, where: str = "true") -> int:
    with world.work() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


def lines(world: World, applied: str = "100.00", due: str = "500.00") -> dict[str, Any]:
    return {"lines": [{"bill": world.bill(due), "applied": applied}]}


def test_a_payment_through_all_levels(world: World) -> None:
    payment = world.pay()
    assert world.value(payment, "status") == "pending_customer"
    world.decide(payment, "guest")
    assert world.value(payment, "status") == "pending_finance"
    answer = world.decide(payment, "finance1", changes=lines(world))
    assert (answer.status, world.value(payment, "status")) == ("running", "pending_supervisor")
    answer = world.decide(payment, "supervisor1")
    assert (answer.status, world.value(payment, "status")) == ("approved", "confirmed")
    assert world.tasks(payment) == []
    with world.work() as session:
        assert world.records.get(session, world.forms, payment, world.actor("agent")).run_id is None
    world.verify()


def test_the_form_that_finance_must_fill_is_required(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    with pytest.raises(InvalidInput) as refused:
        world.decide(payment, "finance1")
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/changes/lines", "required")]


def test_a_step_writes_only_its_own_fields(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    for changes in ({"amount": "1.00"}, {"status": "confirmed"}, {"created_by": 1}, {"workspace_id": 2}):
        with pytest.raises(InvalidInput) as refused:
            world.decide(payment, "finance1", changes={**changes, **lines(world)})
        assert refused.value.issues[0].pointer == f"/changes/{next(iter(changes))}"
    assert world.value(payment, "amount") == "100.00"
    with pytest.raises(InvalidInput, match="changes_not_taken"):
        world.decide(payment, "finance1", "reject", reason="amount", changes=lines(world))


def test_a_rule_about_a_total_is_judged_in_the_decision(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    with pytest.raises(InvalidInput) as refused:
        world.decide(payment, "finance1", changes=lines(world, applied="100.00", due="50.00"))
    assert refused.value.issues[0].pointer.startswith("/changes/lines/0")


def test_rejections_at_each_level_go_where_they_should(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest", "reject")
    assert world.value(payment, "status") == "disputed"
    world.decide(payment, "agent", "resubmit", changes={"amount": "90.00"})
    assert (world.value(payment, "status"), world.value(payment, "amount")) == ("pending_customer", "90.00")
    world.decide(payment, "guest")
    with pytest.raises(InvalidInput):
        world.decide(payment, "finance1", "reject")
    world.decide(payment, "finance1", "reject", reason="amount")
    assert world.value(payment, "status") == "pending_customer"
    world.decide(payment, "guest")
    world.decide(payment, "finance1", changes=lines(world))
    for _ in range(2):
        world.decide(payment, "supervisor1", "reject", comment="look again")
        assert world.value(payment, "status") == "pending_finance"
        world.decide(payment, "finance2")
    assert [row["kind"] for row in world.tasks(payment)].count("exception") == 1
    world.decide(payment, "admin1", "acknowledge")
    world.decide(payment, "supervisor2")
    assert world.value(payment, "status") == "confirmed"
    world.verify()


def test_somebody_elses_task_does_not_exist(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    task = world.task(payment, "finance1")
    for name in ("finance2", "supervisor1", "agent"):
        with pytest.raises(NotFound):
            world.flows.decide(world.workspace, task, world.actor(name), "approve")
    with pytest.raises(NotFound):
        world.flows.decide(world.workspace, 999_999, world.actor("finance1"), "approve")


def test_a_running_record_is_edited_only_through_its_steps(world: World) -> None:
    payment = world.pay()
    with world.work() as session, pytest.raises(Conflict, match="record_in_run"):
        world.records.update(session, world.forms, payment, {"amount": "5.00"}, world.actor("agent"))
    with world.work() as session, pytest.raises(Conflict, match="record_in_run"):
        world.flows.start(session, "confirmation", payment, world.actor("agent"))


def test_the_second_of_two_approvers_learns_who_was_first(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    second = world.task(payment, "finance2")
    world.decide(payment, "finance1", changes=lines(world))
    with pytest.raises(Conflict) as refused:
        world.flows.decide(world.workspace, second, world.actor("finance2"), "approve")
    assert refused.value.code == "task_closed"
    assert (refused.value.params["by"], refused.value.params["decision"]) == ("finance1", "approve")


def test_fifty_at_once_have_one_winner(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    world.decide(payment, "finance1", changes=lines(world))
    task, actor = world.task(payment, "supervisor1"), world.actor("supervisor1")
    entries = count(world, "run_journal"), count(world, "audit_entry")

    def once(number: int) -> str:
        decision = "approve" if number % 2 else "reject"
        try:
            return world.flows.decide(world.workspace, task, actor, decision).decision
        except FormloomError as error:
            return error.code

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(once, range(50)))
    assert outcomes.count("task_closed") == 49, outcomes
    assert (count(world, "run_journal"), count(world, "audit_entry")) == (entries[0] + 1, entries[1] + 1)
    world.verify()


def test_a_repeated_request_gets_the_first_answer(world: World) -> None:
    payment = world.pay()
    task, guest = world.task(payment, "guest"), world.who(payment, "guest")
    entries = count(world, "run_journal")
    first = world.flows.decide(world.workspace, task, guest, "approve", idempotency_key="k1")
    again = world.flows.decide(world.workspace, task, guest, "approve", idempotency_key="k1")
    assert (again.to_json(), again.repeated) == (first.to_json(), True)
    with pytest.raises(InvalidInput, match="idempotency_mismatch"):
        world.flows.decide(world.workspace, task, guest, "reject", idempotency_key="k1")
    assert count(world, "run_journal") == entries + 1


def test_the_same_request_many_times_at_once(world: World) -> None:
    payment = world.pay()
    task, guest = world.task(payment, "guest"), world.who(payment, "guest")

    def once(_: int) -> dict[str, Any]:
        return world.flows.decide(world.workspace, task, guest, "approve", idempotency_key="k").to_json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(8)))
    assert all(answer == answers[0] for answer in answers)
    world.verify()


def test_timers_remind_escalate_and_fall_silent(world: World, clock: Any) -> None:
    payment = world.pay()
    ticker = Clock(world.databases, timer_handlers(world.flows))
    assert ticker.tick() == 0
    clock.advance(hours=25)
    assert ticker.tick() == 1
    assert count(world, "outbox", "kind = 'flow.tell'") == 1
    clock.advance(hours=48)
    assert ticker.tick() == 2
    assert [row["kind"] for row in world.tasks(payment)].count("cc") == 1
    assert count(world, "timer", "done_at IS NULL AND cancelled_at IS NULL") == 1
    world.decide(payment, "guest")
    open_timers = "done_at IS NULL AND cancelled_at IS NULL AND payload ->> 'visit' = '1'"
    assert count(world, "timer", open_timers) == 0
    world.verify()


def test_a_button_starts_its_flow(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    world.decide(payment, "finance1", changes=lines(world))
    with world.work() as session:
        assert world.flows.buttons(session, "payment", payment, world.actor("supervisor1")) == ()
    world.decide(payment, "supervisor1")
    with world.work() as session:
        assert [b.key for b in world.flows.buttons(session, "payment", payment, world.actor("supervisor1"))] == [
            "reversal"
        ]
        assert world.flows.buttons(session, "payment", payment, world.actor("agent")) == ()
    with world.work() as session, pytest.raises(Forbidden):
        world.flows.press(session, "reversal", payment, world.actor("agent"), {"note": "wrong"})
    with world.work() as session, pytest.raises(InvalidInput, match="required"):
        world.flows.press(session, "reversal", payment, world.actor("supervisor1"))
    with world.work() as session:
        world.flows.press(session, "reversal", payment, world.actor("supervisor1"), {"note": "bounced"})
    assert (world.value(payment, "status"), world.value(payment, "note")) == ("reversed", "bounced")
    world.verify()


def test_stuck_without_anybody_then_retried(world: World, make_person: Any) -> None:
    with world.work() as session:
        session.execute(text("UPDATE person SET disabled_at = now() WHERE name LIKE 'finance%'"))
    payment = world.pay()
    world.decide(payment, "guest")
    assert [row["kind"] for row in world.tasks(payment)] == ["stuck"]
    with world.work() as session:
        session.execute(text("UPDATE person SET disabled_at = NULL WHERE name = 'finance2'"))
    world.decide(payment, "admin1", "retry")
    world.decide(payment, "finance2", changes=lines(world))
    world.verify()


def test_the_rights_of_a_step_come_and_go(world: World) -> None:
    payment = world.pay()
    world.decide(payment, "guest")
    granted = "SELECT person_id, actions, fields FROM access_grant WHERE record_id = :r ORDER BY person_id"

    def grants() -> dict[int, tuple[list[str], dict[str, str]]]:
        with world.work() as session:
            return {row[0]: (row[1], row[2]) for row in session.execute(text(granted), {"r": payment})}

    both = {world.people[name].id for name in ("finance1", "finance2")}
    assert set(grants()) == both
    assert grants()[world.people["finance1"].id] == (["read", "update"], {"lines": "write", "*": "read"})
    world.decide(payment, "finance1", changes=lines(world))
    left = grants()
    assert left[world.people["finance1"].id] == (["read"], {"lines": "read", "*": "read"})
    assert world.people["finance2"].id not in left


def test_the_inbox_and_its_pages(world: World) -> None:
    payments = [world.pay() for _ in range(5)]
    for payment in payments[:4]:
        world.decide(payment, "guest")
    world.decide(payments[0], "finance1", changes=lines(world))
    finance = world.people["finance1"].id
    with world.work() as session:
        assert world.flows.counts(session, finance) == {"todo": 3, "cc": 0}
        first = world.flows.inbox(session, finance, "todo", limit=2)
        rest = world.flows.inbox(session, finance, "todo", first.next, limit=2)
        assert [item.record for item in (*first.items, *rest.items)] == payments[1:4]
        assert rest.next is None
        done = world.flows.inbox(session, finance, "done")
        assert [(item.record, item.decision) for item in done.items] == [(payments[0], "approve")]
        started = world.flows.inbox(session, world.people["agent"].id, "started", limit=3)
        assert [item.record for item in started.items] == payments[:1:-1]
        assert (
            world.flows.inbox(session, world.people["agent"].id, "started", started.next).items[0].record == payments[1]
        )
        for cursor in ("x", "e30", "WzEsMl0"):
            with pytest.raises(InvalidInput, match="invalid_cursor"):
                world.flows.inbox(session, finance, "todo", cursor)


def test_a_task_page_has_all_it_needs(world: World) -> None:
    payment = world.pay()
    with world.work() as session:
        link = world.flows.guest_link(session, payment)
        assert link is not None
        view = world.flows.guest_task(session, link)
        assert (view.decisions, view.fields.may_read("amount"), view.fields.may_read("payer")) == (
            ("approve", "reject"),
            True,
            False,
        )
    world.decide(payment, "guest")
    with world.work() as session:
        view = world.flows.guest_task(session, link)
        assert (view.open, view.closed_by, view.decision) == (False, "Wang", "approve")
        task = world.flows.task(session, world.task(payment, "finance1"), world.actor("finance1"))
        assert task.fields.may_write("lines")
        assert not task.fields.may_write("amount")
        assert [reason.key for reason in task.offers[1].reasons] == ["amount", "payer", "not_received"]
        with pytest.raises(NotFound):
            world.flows.task(session, task.id, world.actor("finance2"))
        (run,) = world.flows.timeline(session, payment)
        assert [(moment.step, moment.by, moment.decision) for moment in run.moments] == [
            ("customer", "Wang", "approve"),
            ("finance", "finance1", None),
            ("finance", "finance2", None),
        ]
        assert [step for step, _ in run.ahead] == ["supervisor"]


def test_a_run_keeps_the_version_it_began_with(world: World) -> None:
    payment = world.pay()
    changed = {**CONFIRMATION, "separate": ["initiator", "customer"], "steps": CONFIRMATION["steps"][:1]}
    with world.work() as session:
        world.flows.definitions.publish_together(session, {"confirmation": changed}, SYSTEM)
    other = world.pay()
    world.decide(payment, "guest")
    world.decide(other, "guest")
    assert (len(world.tasks(payment)), len(world.tasks(other))) == (2, 0)
    world.verify()


def test_an_ended_run_and_an_odd_decision(world: World) -> None:
    payment = world.pay()
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        world.decide(payment, "guest", "resubmit")
    with pytest.raises(InvalidInput, match="not_an_option"):
        world.decide(payment, "guest", "explode")
    with world.work() as session:
        run = next(iter(world.flows.run_ids(session)))
        with pytest.raises(IllegalTransition, match="decision_not_offered"):
            world.flows.withdraw(session, run, world.actor("agent"))


LIFE = timedelta(hours=72)


def test_a_guest_link_lives_as_long_as_the_step_says(world: World, clock: Any) -> None:
    payment = world.pay()
    now = clock.now()
    with world.work() as session:
        link = world.flows.guest_link(session, payment)
        expires = session.execute(text("SELECT expires_at FROM guest_link WHERE id = :id"), {"id": link}).scalar_one()
    assert abs(expires - now - LIFE) < timedelta(minutes=1)


def _waiting_for_the_supervisor(world: World, count: int, bill: int) -> list[int]:
    payments = [world.pay() for _ in range(count)]
    for payment in payments:
        world.decide(payment, "guest")
        world.decide(payment, "finance1", changes={"lines": [{"bill": bill, "applied": "100.00"}]})
    return payments


def _confirmed_at_once(world: World, payments: list[int]) -> list[str]:
    def once(payment: int) -> str:
        try:
            return str(world.decide(payment, "supervisor1").status)
        except FormloomError as error:
            return error.code if not error.issues else error.issues[0].code

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(once, payments))


def test_many_decisions_that_read_one_total_all_come_through(world: World) -> None:
    payments = _waiting_for_the_supervisor(world, 16, world.bill("1600.00"))
    assert _confirmed_at_once(world, payments) == ["approved"] * 16
    world.verify()


def test_two_decisions_at_once_never_pass_a_total_together(world: World) -> None:
    payments = _waiting_for_the_supervisor(world, 4, world.bill("250.00"))
    outcomes = _confirmed_at_once(world, payments)
    assert sorted(outcomes) == ["approved", "approved", "stuck", "stuck"], "the others are incidents"
    assert (
        sorted(world.value(payment, "status") for payment in payments) == ["confirmed"] * 2 + ["pending_supervisor"] * 2
    )
    world.verify()


def test_a_file_that_is_swept_while_somebody_decides_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slip = {"key": "slip", "type": "file", "label": "Slip"}
    finance = {**CONFIRMATION["steps"][1], "fields": {"lines": "write", "slip": "write", "*": "read"}}
    steps = [CONFIRMATION["steps"][0], finance, *CONFIRMATION["steps"][2:]]
    file = uuid4()
    with world.work() as session:
        world.forms.publish_together(session, {"payment": {**PAYMENT, "fields": [*PAYMENT["fields"], slip]}}, SYSTEM)
        world.flows.definitions.publish_together(session, {"confirmation": {**CONFIRMATION, "steps": steps}}, SYSTEM)
        made = {"id": file, "name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": b""}
        session.add(StoredFile(workspace_id=world.workspace, created_by=world.actor("finance1").ref, **made))
    payment = world.pay()
    world.decide(payment, "guest")
    whole = decide._play

    def swept(*args: Any) -> Any:
        done = whole(*args)
        with world.work() as session:
            session.execute(delete(StoredFile))
        return done

    monkeypatch.setattr(decide, "_play", swept)
    with pytest.raises(Conflict, match="unknown_file"):
        world.decide(payment, "finance1", changes={**lines(world), "slip": [str(file)]})
    assert world.value(payment, "status") == "pending_finance"
