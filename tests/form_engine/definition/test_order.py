"""Ordering, and naming circles."""

from hypothesis import given
from hypothesis import strategies as st

from form_engine.definition.order import ordered


def test_needs_stand_first_and_the_rest_as_given() -> None:
    needs = {"a": ["c"], "b": [], "c": []}
    assert ordered(needs, lambda node: needs[node]) == (["c", "a", "b"], [])


def test_a_circle_is_told_from_where_it_was_met() -> None:
    needs = {"a": ["b"], "b": ["c"], "c": ["b"], "d": ["d"]}
    _, circles = ordered(needs, lambda node: needs[node])
    assert circles == [("b", "c"), ("d",)]


def test_a_long_chain_needs_no_recursion() -> None:
    order, circles = ordered([0], lambda node: [node + 1] if node < 100_000 else [])
    assert len(order) == 100_001
    assert not circles


@given(st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4), max_size=9))
def test_without_circles_everything_stands_after_its_needs(needs: dict[int, list[int]]) -> None:
    order, circles = ordered(needs, lambda node: needs.get(node, []))
    assert len(order) == len(set(order))
    if not circles:
        at = {node: place for place, node in enumerate(order)}
        assert all(at[need] < at[node] for node, wanted in needs.items() for need in wanted)
