"""What a compiled form knows."""

from decimal import Decimal

import pytest
from formloom.errors import InvalidDefinition

from form_engine.definition import check_form, compile_form, parse_form
from form_engine.formula import Env, RecordValue
from tests.form_engine.forms import compiled, form, purchase


def test_each_field_stands_after_what_it_reads() -> None:
    order = purchase().order
    assert set(order) == set(purchase().by_path)
    for before, after in [
        ("urgent", "reason"),
        ("lines", "lines.amount"),
        ("lines.price", "lines.amount"),
        ("lines.amount", "gross"),
        ("gross", "lines.share"),
        ("gross", "total"),
    ]:
        assert order.index(before) < order.index(after)


def test_types_follow_formulas() -> None:
    types = {path: str(field.type) for path, field in purchase().walk()}
    assert types["gross"] == types["total"] == "number:CNY"
    assert types["lines"] == "list:record:purchase.lines"
    assert types["supplier"] == "record:supplier"


def test_what_hangs_on_the_record_alone_is_settled() -> None:
    form = compiled(
        {"key": "a", "type": "number"},
        {"key": "up", "type": "link", "form": "thing"},
        {"key": "twice", "type": "formula", "value": "a * 2"},
        {"key": "more", "type": "formula", "value": "twice + 1"},
        {"key": "linked", "type": "formula", "value": "up.a"},
        {"key": "late", "type": "formula", "value": "IF(TODAY() > DATE(2026, 1, 1), more, 0)"},
        {"key": "later", "type": "formula", "value": "late + 1"},
        {"key": "mine", "type": "formula", "value": "created_by = ME()"},
    )
    assert {field.key for field in form.fields if field.settled} == {"a", "up", "twice", "more"}


def test_a_rule_knows_on_what_it_hangs() -> None:
    (rule,) = purchase().rules
    assert rule.needs == {"total", "gross", "discount", "lines"}


def test_formulas_of_a_config_are_compiled_in_their_own_scope() -> None:
    field = purchase().field("supplier")
    assert field is not None
    narrow = field.formulas["filter"]
    blocked = RecordValue("supplier", 1, {"blocked": True})
    assert narrow.run(Env(target=blocked)) is False
    assert narrow.at == "/fields/1/filter"


def test_values_come_back_as_formulas_see_them() -> None:
    price, discount = purchase().field("lines.price"), purchase().field("discount")
    assert price is not None
    assert discount is not None
    assert price.value("1200.50") == Decimal("1200.50")
    assert price.slot_value("1200.50") == 120050
    assert discount.text("0.0500", "en") == "5.00%"
    assert (discount.definition.config.scale, discount.definition.config.decimals) == (4, 2)
    assert price.value(None) is None


def test_a_form_that_is_unsound_does_not_compile() -> None:
    raw = form({"key": "a", "type": "formula", "value": "b"}, {"key": "b", "type": "formula", "value": "a"})
    with pytest.raises(InvalidDefinition):
        compile_form(parse_form(raw), {})


def test_a_long_chain_of_formulas_takes_neither_stack_nor_long() -> None:
    chain = [{"key": f"f{at}", "type": "formula", "value": f"f{at + 1} + 1"} for at in range(280)]
    across = [{"key": f"g{at}", "type": "formula", "value": f"up.f0 + g{at + 1}"} for at in range(280)]
    raw = form(*chain, {"key": "f280", "type": "number"})
    up = {"key": "up", "type": "link", "form": "thing"}
    other = form(up, *across, {"key": "g280", "type": "number"}, key="other")
    world = {each["key"]: parse_form(each) for each in (raw, other)}
    for key in world:
        assert check_form(world[key], world) == ()
        assert str(compile_form(world[key], world).by_path[f"{'f' if key == 'thing' else 'g'}0"].type) == "number"
