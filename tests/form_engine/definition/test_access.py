"""Levels of fields."""

from hypothesis import given
from hypothesis import strategies as st

from form_engine.definition import READ_ALL, WRITE_ALL, FieldAccess, Level

PATHS = ("amount", "lines", "lines.applied", "lines.bill", "other")


def access(**levels: str) -> FieldAccess:
    return FieldAccess.of_grant({path.replace("__", ".").replace("rest", "*"): level for path, level in levels.items()})


def test_a_column_overrides_its_table_and_the_star_is_the_rest() -> None:
    grant = FieldAccess.of_grant({"lines": "read", "lines.applied": "write", "*": "hidden"})
    assert [grant.of(path) for path in PATHS] == ["hidden", "read", "write", "read", "hidden"]


def test_a_column_that_is_shown_shows_its_table() -> None:
    grant = FieldAccess.of_grant({"lines.applied": "write", "*": "hidden"})
    assert grant.of("lines") is Level.READ
    assert grant.of("lines.bill") is Level.HIDDEN


def test_without_a_star_the_rest_is_what_the_caller_says() -> None:
    assert FieldAccess.of_grant({"amount": "read"}).of("other") is Level.HIDDEN
    assert FieldAccess.of_grant({"amount": "read"}, rest=Level.WRITE).of("other") is Level.WRITE


def test_at_most_lowers() -> None:
    grant = FieldAccess.of_grant({"amount": "write", "other": "hidden", "*": "write"}).at_most(Level.READ)
    assert [grant.of(path) for path in ("amount", "other", "lines")] == ["read", "hidden", "read"]


GRANTS = st.builds(
    FieldAccess,
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from(list(Level))),
    st.sampled_from(list(Level)),
)


@given(left=GRANTS, right=GRANTS)
def test_adding_never_takes_away_and_gives_no_more_than_the_higher(left: FieldAccess, right: FieldAccess) -> None:
    both = left | right
    for path in PATHS:
        assert both.of(path).rank == max(left.of(path).rank, right.of(path).rank)
    assert (left | WRITE_ALL).of("anything") is Level.WRITE
    assert (left | READ_ALL).of("anything").rank >= Level.READ.rank
