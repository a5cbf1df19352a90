"""Replaying finds what was tampered with, and nothing that only went on meanwhile."""

from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState

from tests.flow_engine.conftest import World


def test_a_tampered_state_is_found_by_replay(world: World) -> None:
    world.pay()
    with world.work() as session:
        session.execute(text("UPDATE run SET state = jsonb_set(state, '{visits}', '7')"))
    with world.work() as session:
        run = next(iter(world.flows.run_ids(session)))
        assert not world.flows.replay(session, run).ok


def test_a_run_that_goes_on_while_it_is_replayed_is_no_difference(world: World) -> None:
    payment = world.pay()
    with world.work() as session:
        run = next(iter(world.flows.run_ids(session)))
        read: list[str] = []

        @event.listens_for(session, "do_orm_execute")
        def goes_on(state: ORMExecuteState) -> None:
            read.append(str(state.statement))
            if "FROM run_journal" in read[-1] and len([one for one in read if "FROM run_journal" in one]) == 1:
                world.decide(payment, "guest")

        replayed = world.flows.replay(session, run)
        assert any("FROM run_journal" in one for one in read)
        assert replayed.ok, replayed.differences
    assert world.value(payment, "status") == "pending_finance"
