"""Whatever is asked: an answer, or InvalidInput that points to what is wrong. Never anything else."""

from typing import Any

from formloom.errors import InvalidInput
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from form_engine.query.aggregate import aggregate
from form_engine.query.filter import OPERATORS
from form_engine.query.relative import NAMES
from form_engine.records.actor import SYSTEM

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=8),
    st.sampled_from(
        ["1e999", "NaN", "-0", "９", "1_000", "2026-02-30", "2026-01-05", "9" * 40, "0.00000000001", "\x00", "\ud800"]
    ),
)
fields = st.one_of(
    st.sampled_from(
        [
            "subject",
            "main",
            "main.code",
            "main.owner",
            "main.left",
            "main.opened",
            "lines",
            "lines.cost",
            "lines.budget",
            "total",
            "state",
            "id",
            "number",
            "created_at",
            "created_by",
            "updated_by",
            "main.spent",
            "a.b.c.d",
            "lines.id",
        ]
    ),
    st.text(max_size=6),
)
operators = st.sampled_from([*OPERATORS, "drop", None])
relative = st.fixed_dictionaries(
    {"relative": st.one_of(st.sampled_from(NAMES), scalars)},
    optional={"n": st.one_of(scalars, st.integers(-3, 20_000)), "x": scalars},
)
conditions = st.fixed_dictionaries(
    {
        "field": fields,
        "op": operators,
        "value": st.one_of(scalars, relative, st.lists(st.one_of(scalars, relative), max_size=3)),
    }
)
trees = st.recursive(
    st.one_of(conditions, scalars),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"and": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
sorts = st.lists(st.builds(lambda minus, field: minus + field, st.sampled_from(["", "-"]), fields), max_size=3)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees, sort=sorts, after=st.one_of(st.none(), st.text(max_size=20)), q=st.text(max_size=10))
def test_any_question_has_an_answer(office: Any, tree: Any, sort: list[str], after: str | None, q: str) -> None:
    refused: InvalidInput | None = None
    try:
        office.ids("claim", filter=tree, sort=sort, after=after, q=q)
    except InvalidInput as error:
        refused = error
    assert refused is None or (refused.issues and all(issue.pointer.startswith("/") for issue in refused.issues))


groups = st.one_of(
    fields,
    scalars,
    st.fixed_dictionaries(
        {"field": st.one_of(fields, scalars)},
        optional={"bucket": st.one_of(st.sampled_from(["day", "month", "year"]), scalars), "as": scalars, "x": scalars},
    ),
)
measures = st.one_of(
    scalars,
    st.fixed_dictionaries(
        {"fn": st.one_of(st.sampled_from(["count", "count_distinct", "sum", "average", "min", "max"]), scalars)},
        optional={"field": st.one_of(fields, scalars), "as": st.one_of(st.just("m"), scalars)},
    ),
)
having = st.fixed_dictionaries(
    {"measure": st.one_of(st.sampled_from(["count", "m"]), scalars), "value": scalars},
    optional={"op": st.one_of(st.sampled_from(["eq", "gt", "le"]), scalars)},
)
questions = st.fixed_dictionaries(
    {},
    optional={
        "group": st.one_of(st.lists(groups, max_size=3), scalars),
        "measures": st.one_of(st.lists(measures, max_size=2), scalars),
        "having": st.one_of(st.lists(having, max_size=2), scalars),
        "sort": st.one_of(st.lists(st.one_of(st.sampled_from(["-count", "m", "state"]), scalars), max_size=2), scalars),
        "filter": trees,
        "q": scalars,
        "limit": scalars,
        "x": scalars,
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions)
def test_any_question_for_figures_has_an_answer(office: Any, question: Any) -> None:
    refused: InvalidInput | None = None
    with office.work() as session:
        try:
            aggregate(session, office.records.access(session, office.forms, "claim", SYSTEM), question)
        except InvalidInput as error:
            refused = error
    assert refused is None or refused.issues
