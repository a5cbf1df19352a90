"""Batches of writes: new records set by set, together with changes of old ones, whole or not at all."""

from collections.abc import Mapping
from typing import Any

import pytest
from formloom.clock import app_now
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM
from form_engine.records.apply import Applied, Refused, apply_writes
from form_engine.records.context import context_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.plan import plan_create, plan_update
from form_engine.records.write import RecordWrite


def creating(
    office: Any, session: Session, form: str, values: Mapping[str, Any], *, draft: bool = False
) -> RecordWrite:
    world = office.forms.forms(session)
    facts = facts_of(session, world, context_for(session, SYSTEM))
    return plan_create(world, world[form], values, facts, writable=None, draft=draft)


def changing(office: Any, session: Session, record_id: int, values: Mapping[str, Any]) -> RecordWrite:
    world = office.forms.forms(session)
    facts = facts_of(session, world, context_for(session, SYSTEM), [record_id])
    (record,) = facts.load([record_id])
    return plan_update(world, world[record.form], record, values, facts, writable=None)


def applied(office: Any, session: Session, *writes: RecordWrite) -> list[Applied]:
    return apply_writes(session, office.forms.forms(session), writes, SYSTEM, app_now(session), "import:1")


def rows(session: Session, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(text(statement))]


def test_ids_rise_with_the_order_of_the_writes_and_numbers_have_no_gaps(office: Any) -> None:
    with office.work() as session:
        first = applied(office, session, *(creating(office, session, "claim", {"subject": str(n)}) for n in range(25)))
        second = applied(office, session, *(creating(office, session, "claim", {"subject": str(n)}) for n in range(5)))
        both = [*first, *second]
        assert [done.id for done in both] == sorted(done.id for done in both)
        assert [int(str(done.number)[-4:]) for done in both] == list(range(1, 31))
        assert all(done.version == 1 for done in both)
        stored = rows(session, "SELECT number, data ->> 'subject', title FROM record ORDER BY id")
        assert [row[1] for row in stored] == [*map(str, range(25)), *map(str, range(5))]
        assert [row[0] for row in stored] == [done.number for done in both]
        assert rows(session, "SELECT count(*) FROM record WHERE search NOT LIKE '%' || lower(number) || '%'") == [(0,)]
        assert rows(session, "SELECT DISTINCT version, action, via FROM record_history") == [(1, "created", "import:1")]


def test_every_kind_of_row_beside_the_record_is_written_for_each(office: Any) -> None:
    with office.work() as session:
        budgets = applied(
            office,
            session,
            *(creating(office, session, "budget", {"code": f"B{n}", "amount": f"{n}00.00"}) for n in range(3)),
        )
        claims = applied(
            office,
            session,
            *(
                creating(
                    office,
                    session,
                    "claim",
                    {"subject": "s", "main": budget.id, "lines": [{"budget": budgets[1].id, "cost": "1.00"}]},
                )
                for budget in budgets[1:]
            ),
            creating(office, session, "claim", {"subject": "unfinished"}, draft=True),
        )
        values = rows(session, "SELECT value, record_id FROM record_unique ORDER BY record_id")
        assert values == [(f'["B{n}"]', budget.id) for n, budget in enumerate(budgets)]
        links = rows(session, "SELECT from_id, to_id FROM record_link WHERE path = 'main' ORDER BY 1")
        assert links == [(claims[0].id, budgets[1].id), (claims[1].id, budgets[2].id)]
        lines = rows(session, "SELECT from_id, to_id FROM record_link WHERE path <> 'main' ORDER BY 1")
        assert lines == [(claims[0].id, budgets[1].id), (claims[1].id, budgets[1].id)]
        parts = rows(session, "SELECT child_id, parent_id FROM rollup_part WHERE rollup = 'budget.claims' ORDER BY 1")
        assert parts == links
        assert rows(session, f"SELECT touched FROM record WHERE id = {budgets[2].id}") == [(1,)]
        indexed = {row[0] for row in rows(session, "SELECT record_id FROM record_index")}
        assert indexed == {done.id for done in (*budgets, *claims[:2])}  # a draft counts nowhere
        assert [done.number for done in claims[2:]] == [None]


def test_a_value_that_is_taken_names_the_write_and_leaves_nothing(office: Any) -> None:
    taken = office.create("budget", {"code": "B7", "amount": "1.00"})
    with office.work() as session:
        writes = [creating(office, session, "budget", {"code": f"B{n}", "amount": "1.00"}) for n in (5, 6, 7)]
        with pytest.raises(Refused) as caught:
            applied(office, session, *writes)
        assert caught.value.state == "FL003"
        assert (caught.value.detail["at"], caught.value.detail["record"]) == (2, taken.id)
        assert caught.value.detail["rule"] == "code"
        assert rows(session, "SELECT count(*) FROM record") == [(1,)]  # and the transaction goes on
        assert len(applied(office, session, *writes[:2])) == 2


def test_two_of_one_value_in_one_batch_are_refused(office: Any) -> None:
    with office.work() as session:
        writes = [creating(office, session, "budget", {"code": "B1", "amount": "1.00"}) for _ in range(2)]
        with pytest.raises(Refused, match="FL003"):
            applied(office, session, *writes)


def test_new_and_changed_records_mix_and_answers_keep_their_order(office: Any) -> None:
    old = office.create("budget", {"code": "OLD", "amount": "1.00"})
    with office.work() as session:
        done = applied(
            office,
            session,
            creating(office, session, "budget", {"code": "N1", "amount": "1.00"}),
            changing(office, session, old.id, {"amount": "2.00", "name": "renamed"}),
            creating(office, session, "claim", {"subject": "s"}),
        )
        assert [one.version for one in done] == [1, 2, 1]
        assert done[1].id == old.id
        assert [one.number is None for one in done] == [True, True, False]
        found = rows(session, f"SELECT form FROM record WHERE id IN ({done[0].id}, {done[2].id}) ORDER BY id")
        assert found == [("budget",), ("claim",)]


@pytest.mark.parametrize(
    ("change", "slots"),
    [
        ({"amount": "7.50"}, 1),
        ({"code": "C2"}, 1),
        ({"code": "C3", "amount": "8.00"}, 0),
        ({"name": None}, 1),
        ({"secret": "in no slot"}, 0),
    ],
)
def test_one_slot_alone_is_written_like_all_of_them(office: Any, change: dict[str, Any], slots: int) -> None:
    """The index row after a change is the one that a record made like that from the start would have."""
    before = {"code": "C1", "amount": "1.00", "name": "n"}
    after = {"code": "D1", **{key: value for key, value in (before | change).items() if key != "code"}}
    changed = office.create("budget", before)
    with office.work() as session:
        write = changing(office, session, changed.id, change)
        assert (write.slot is not None) == bool(slots)
        applied(office, session, write)
        fresh = applied(office, session, creating(office, session, "budget", after))[0]
        columns = "to_jsonb(i) - 'record_id' - 'created_at'"
        both = [
            rows(session, f"SELECT {columns} FROM record_index i WHERE record_id = {one}")[0][0]
            for one in (changed.id, fresh.id)
        ]
        own = office.forms.forms(session).slots["budget"]["code"]
        assert {key: value for key, value in both[0].items() if key != own} == {
            key: value for key, value in both[1].items() if key != own
        }
        code = {**before, **change}["code"]
        assert str(both[0][own]).endswith(code)
