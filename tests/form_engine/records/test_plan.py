"""Planning is pure: what a hot path loads in one query is enough to plan a write without a session."""

from typing import Any

import pytest
from formloom.errors import InvalidInput
from sqlalchemy import text

from form_engine.formula import Context
from form_engine.records.actor import SYSTEM
from form_engine.records.changed import RecordChanged
from form_engine.records.facts import Fact, Facts
from form_engine.records.plan import plan_create, plan_update
from form_engine.records.service import Records
from form_engine.records.sort_key import slot_text, sort_key
from form_engine.records.write import KEEP, Keep, batch_json


def nothing(_: Any) -> tuple[Fact, ...]:
    """A load that has nothing more to give."""
    return ()


def test_a_neighbourhood_is_enough_to_plan_a_change(office: Any) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "100.00"}).id
    claim = office.create("claim", {"subject": "x", "main": parent, "lines": [{"budget": parent, "cost": "60.00"}]})
    with office.work() as session:
        forms = office.forms.forms(session)
        known = [Fact.read(each) for each in session.scalar(text(f"SELECT record_neighbourhood({claim.id})"))]
    facts = Facts(forms, Context(), nothing, known)
    record = facts.fact("claim", claim.id)
    assert record
    write = plan_update(forms, forms["claim"], record, {"state": "approved"}, facts, writable=None, partial=True)
    assert (write.id, write.expected, write.links, write.unique) == (claim.id, 1, KEEP, KEEP)
    assert not isinstance(write.parts, Keep)
    assert [(part.rollup, part.parent_id, str(part.amount)) for part in write.parts] == [
        ("budget.claims", parent, "1"),
        ("budget.spent", parent, "60.00"),
    ]
    assert dict(write.changes) == {"state": ("open", "approved")}
    assert set(write.seen) == {parent}
    sent = batch_json([write], SYSTEM, Context().now, "run:7")
    seen = next(fact.touched for fact in known if fact.id == parent)
    assert (sent["seen"], sent["via"]) == ({str(parent): seen}, "run:7")


def test_an_untouched_record_keeps_all_that_hangs_on_it(office: Any) -> None:
    claim = office.create("claim", {"subject": "x"})
    with office.work() as session:
        forms = office.forms.forms(session)
        known = [Fact.read(each) for each in session.scalar(text(f"SELECT record_neighbourhood({claim.id})"))]
    facts = Facts(forms, Context(), nothing, known)
    write = plan_update(forms, forms["claim"], known[0], {"subject": "y"}, facts, writable=None)
    assert (write.links, write.unique, write.parts) == (KEEP, KEEP, KEEP)
    assert "run_id" not in write.to_json()


@pytest.mark.parametrize(
    "values",
    [{"lines": [{"budget": 2**70}]}, None, 7, "x", [], {"lines": 7}, {"lines": [7]}, {"main": True}, {"main": 2**70}],
)
def test_whatever_comes_in_is_refused_with_issues(office: Any, values: Any) -> None:
    with office.work() as session:
        forms = office.forms.forms(session)
    with pytest.raises(InvalidInput) as refused:
        plan_create(forms, forms["claim"], values, Facts(forms, Context(), nothing), writable=None)
    assert refused.value.issues


def test_subscribers_hear_inside_the_transaction(office: Any) -> None:
    heard: list[RecordChanged] = []
    office.records = Records(subscribers=[lambda session, change: heard.append(change)])
    draft = office.create("claim", {}, draft=True)
    office.update(draft.id, {"subject": "x"}, submit=True)
    assert [(each.action, each.before is None, each.after.draft) for each in heard] == [
        ("created", True, True),
        ("submitted", False, False),
    ]
    assert heard[1].after.number


def test_text_is_ordered_by_sound() -> None:
    words = ["重庆", "重量", "上海", "安", "西安", "先", "Zoo", "apple", "ａｐｐｌｅ", "1号"]
    assert sorted(words, key=sort_key) == [
        "1号",
        "安",
        "apple",
        "ａｐｐｌｅ",
        "重庆",
        "上海",
        "西安",
        "先",
        "重量",
        "Zoo",
    ]
    assert slot_text("重庆").endswith("\x01重庆")
