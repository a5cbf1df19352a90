"""Records open correctly after their form has changed, in every way in which it may."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.records.actor import SYSTEM


def field(body: dict[str, Any], key: str) -> dict[str, Any]:
    return next(each for each in body["fields"] if each["key"] == key)


def retyped(kind: str, **more: Any) -> Any:
    def change(body: dict[str, Any]) -> None:
        found = field(body, "price")
        found.clear()
        found.update({"key": "price", "type": kind, "index": True, **more})

    return change


def renamed(body: dict[str, Any]) -> None:
    field(body, "price").update({"key": "cost", "was": ["price"]})
    body["list"] = ["name", "cost"]


def without(key: str) -> Any:
    def change(body: dict[str, Any]) -> None:
        body["fields"] = [each for each in body["fields"] if each["key"] != key]

    return change


def test_a_new_field_is_blank_in_older_records(workshop: Any) -> None:
    record = workshop.create(name="A")
    workshop.publish(lambda body: body["fields"].append({"key": "made", "type": "date", "index": True}))
    assert workshop.values(record) == {"name": "A"}
    assert workshop.ids(filter={"field": "made", "op": "blank"}) == [record]


def test_a_renamed_field_is_found_shown_and_edited_under_its_new_key(workshop: Any) -> None:
    record = workshop.create(name="A", price="12")
    workshop.publish(renamed)
    assert workshop.values(record) == {"name": "A", "cost": "12"}
    assert workshop.ids(filter={"field": "cost", "op": "eq", "value": "12"}) == [record]
    with pytest.raises(InvalidInput):
        workshop.ids(filter={"field": "price", "op": "eq", "value": "12"})
    with workshop.work() as session:
        workshop.records.update(session, workshop.forms, record, {"cost": "13"}, SYSTEM)
    assert workshop.values(record)["cost"] == "13"


def test_a_renamed_fields_history_goes_on(workshop: Any) -> None:
    record = workshop.create(name="A", price="12")
    workshop.publish(renamed)
    with workshop.work() as session:
        view = workshop.records.view(session, workshop.forms, record, SYSTEM)
        entries = workshop.records.history(session, view)
    assert entries[0].changes["cost"] == (None, "12")
    assert [each.action for each in entries] == ["created", "converted"]


def test_a_retyped_field_is_sorted_and_filtered_as_what_it_is_now(workshop: Any) -> None:
    records = [workshop.create(name=price, price=price) for price in ("9", "1,200", "about ten", "100")]
    workshop.publish(retyped("number", decimals=2))
    assert [workshop.values(each).get("price") for each in records] == ["9.00", "1200.00", None, "100.00"]
    assert workshop.ids(sort=["price"]) == [records[0], records[3], records[1], records[2]]
    assert workshop.ids(filter={"field": "price", "op": "gt", "value": "50"}, sort=["price"]) == [
        records[3],
        records[1],
    ]


def test_what_did_not_convert_comes_back_with_the_old_version(workshop: Any) -> None:
    records = [workshop.create(name=price, price=price) for price in ("1,200", "about ten")]
    workshop.publish(retyped("number", decimals=2))
    workshop.publish(retyped("text"))
    assert [workshop.values(each).get("price") for each in records] == ["1,200", "about ten"]
    assert workshop.ids(filter={"field": "price", "op": "eq", "value": "about ten"}) == [records[1]]


def test_a_removed_field_is_nowhere_and_comes_back(workshop: Any) -> None:
    record = workshop.create(name="A", remark="whispered")
    assert workshop.ids(q="whispered") == [record]
    workshop.publish(without("remark"))
    assert workshop.values(record) == {"name": "A"}
    assert workshop.ids(q="whispered") == []
    with workshop.work() as session:
        entries = workshop.records.history(session, workshop.records.view(session, workshop.forms, record, SYSTEM))
    assert "whispered" not in repr(entries)
    with workshop.work() as session:
        workshop.records.update(session, workshop.forms, record, {"name": "B"}, SYSTEM)
    workshop.publish(lambda body: body["fields"].append({"key": "remark", "type": "text"}))
    assert workshop.values(record) == {"name": "B", "remark": "whispered"}
    assert workshop.ids(q="whispered") == [record]


def test_what_names_a_record_follows_the_form(workshop: Any) -> None:
    record = workshop.create(name="A", remark="words")
    workshop.publish(lambda body: body.update(display=["name", "remark"]))
    assert workshop.stored(record).title == "A words"


def test_a_new_rule_of_uniqueness_holds_for_older_records_too(workshop: Any) -> None:
    workshop.create(name="A")
    workshop.publish(lambda body: body.update(unique=[["name"]]))
    with pytest.raises(InvalidInput, match="not_unique"):
        workshop.create(name="A")


def test_records_keep_the_version_that_they_were_made_with(workshop: Any) -> None:
    record = workshop.create(name="A")
    workshop.publish(lambda body: body["fields"].append({"key": "made", "type": "date"}))
    assert workshop.stored(record).form_version == 1


def test_records_in_the_bin_and_drafts_are_converted_too(workshop: Any) -> None:
    record = workshop.create(name="A", price="12")
    with workshop.work() as session:
        workshop.records.delete(session, workshop.forms, record, SYSTEM)
        draft = workshop.records.create(session, workshop.forms, "asset", {"price": "7"}, SYSTEM, draft=True).id
    workshop.publish(retyped("number", decimals=0))
    with workshop.work() as session:
        workshop.records.restore(session, workshop.forms, record, SYSTEM)
    assert (workshop.values(record)["price"], workshop.values(draft)["price"]) == ("12", "7")
    assert workshop.ids(filter={"field": "price", "op": "eq", "value": "12"}) == [record]
