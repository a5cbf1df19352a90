"""Every field type, asked with every operator and by hostile values: an answer, or a refusal that points to it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.fields import FIELD_TYPES
from form_engine.query.aggregate import aggregate
from form_engine.query.filter import NEGATED, OPERATORS
from form_engine.records.actor import SYSTEM

CONFIG: dict[str, dict[str, Any]] = {
    "choice": {"options": ["a", "b"]},
    "choices": {"options": ["a", "b"]},
    "cascade": {"options": [{"key": "east", "options": ["one", "two"]}, {"key": "west", "options": ["one"]}]},
    "money": {"currency": "CNY"},
    "link": {"form": "budget"},
    "links": {"form": "budget"},
    "backlink": {"form": "claim", "via": "main"},
    "formula": {"value": "1 + 1"},
    "rollup": {"from": "claim", "via": "main", "fn": "count"},
    "number_series": {"pattern": "X-{seq:3}"},
    "table": {"fields": [{"key": "x", "type": "text", "label": "X"}]},
}
VALUES: dict[str, Any] = {
    "text": "hello",
    "number": "1.50",
    "money": "2.00",
    "percent": "0.05",
    "date": "2026-01-05",
    "datetime": "2026-01-05T08:00:00Z",
    "time": "08:30",
    "duration": "PT2H",
    "boolean": True,
    "choice": "a",
    "choices": ["a", "b"],
    "cascade": ["east", "one"],
    "phone": "13800138000",
    "email": "a@example.test",
    "url": "https://example.test/",
    "id_number": "11010519491231002X",
    "rating": 3,
}
TYPES = {kind.name: kind for kind in FIELD_TYPES}
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    "",
    "x",
    "NaN",
    "1e999",
    "\x00",
    "\ud800",
    "'; --",
    {},
    [],
    [[]],
    [None],
)
NOT_BACK = frozenset({"backlink", "rollup"})


@pytest.fixture(scope="module")
def form() -> dict[str, Any]:
    fields = [
        {"key": f"f_{name}", "type": name, "label": name, **CONFIG.get(name, {})}
        for name in TYPES
        if name not in NOT_BACK and TYPES[name].operators
    ]
    plain = [{**field, "key": field["key"] + "_plain"} for field in fields if field["type"] in VALUES]
    return {
        "kind": "form",
        "key": "every",
        "title": "Every",
        "fields": [*fields, *plain],
        "list": [field["key"] for field in fields],
    }


@pytest.fixture
def every(office: Any, form: dict[str, Any]) -> Any:
    with office.work() as session:
        office.forms.publish_together(session, {"every": form}, SYSTEM)
    given = {f"f_{name}{tail}": value for name, value in VALUES.items() for tail in ("", "_plain")}
    office.create("every", given)
    office.create("every", {})
    return office


def refused(call: Callable[[], object]) -> InvalidInput | None:
    """Why a question is refused; None where it is answered."""
    try:
        call()
    except InvalidInput as error:
        return error
    return None


def answers(office: Any, session: Any, condition: Any) -> int | None:
    """How many are found; None where the question is refused, with a pointer."""
    found: list[int] = []

    def ask() -> None:
        found.append(len(office.records.list_page(session, office.forms, "every", SYSTEM, filter=condition).items))

    error = refused(ask)
    assert error is None or error.issues
    assert all(issue.pointer.startswith("/filter") for issue in (error.issues if error else ()))
    return found[0] if found else None


def test_a_field_finds_its_own_value_by_slot_and_by_document(every: Any) -> None:
    with every.work() as session:
        for name, value in VALUES.items():
            operators = TYPES[name].operators
            for key in (f"f_{name}", f"f_{name}_plain"):
                if name == "duration" and key.endswith("_plain"):
                    continue  # its spelling is not in order: only its slot compares
                op, asked = ("eq", value) if "eq" in operators else ("has_any", value)
                opposite = next(one for one, plain in NEGATED.items() if plain == op)
                assert answers(every, session, {"field": key, "op": op, "value": asked}) == 1, key
                assert answers(every, session, {"field": key, "op": opposite, "value": asked}) == 1, key
                assert answers(every, session, {"field": key, "op": "blank"}) == 1, key
                assert answers(every, session, {"field": key, "op": "not_blank"}) == 1, key
                if "in" in operators:
                    assert answers(every, session, {"field": key, "op": "in", "value": [value]}) == 1, key
                if "ge" in operators:
                    assert answers(every, session, {"field": key, "op": "ge", "value": value}) == 1, key
                    assert answers(every, session, {"field": key, "op": "gt", "value": value}) == 0, key
                    assert answers(every, session, {"field": key, "op": "between", "value": [value, value]}) == 1, key


def test_a_way_down_a_tree_is_found_from_above(every: Any) -> None:
    with every.work() as session:
        for key in ("f_cascade", "f_cascade_plain"):
            found = {
                way: answers(every, session, {"field": key, "op": "within", "value": way.split("/")})
                for way in ("east", "east/one", "west", "east/two")
            }
            assert found == {"east": 1, "east/one": 1, "west": 0, "east/two": 0}


def test_what_leads_here_is_there_or_not(office: Any, form: dict[str, Any]) -> None:
    from tests.form_engine.office import BUDGET

    budget = {
        **BUDGET,
        "fields": [
            *BUDGET["fields"],
            {"key": "asked_by", "type": "backlink", "label": "Asked by", "form": "claim", "via": "main"},
        ],
    }
    with office.work() as session:
        office.forms.publish_together(session, {"budget": budget}, SYSTEM)
    used, unused = (office.create("budget", {"code": code, "amount": "1.00"}).id for code in "XY")
    claim = office.create("claim", {"subject": "s", "main": used})
    assert office.ids("budget", filter={"field": "asked_by", "op": "not_blank"}) == [used]
    assert office.ids("budget", filter={"field": "asked_by", "op": "blank"}) == [unused]
    with office.work() as session:
        office.records.delete(session, office.forms, claim.id, SYSTEM)
    assert office.ids("budget", filter={"field": "asked_by", "op": "not_blank"}) == []


def test_every_operator_meets_every_hostile_value(every: Any, form: dict[str, Any]) -> None:
    with every.work() as session:
        for field in form["fields"]:
            for op in OPERATORS:
                for value in HOSTILE:
                    answers(every, session, {"field": field["key"], "op": op, "value": value})


def test_every_type_sorts_and_groups_or_says_that_it_does_not(every: Any, form: dict[str, Any]) -> None:
    unsorted: set[str] = set()
    with every.work() as session:
        access = every.records.access(session, every.forms, "every", SYSTEM)

        def whole(sort: str) -> None:
            page = every.records.list_page(session, every.forms, "every", SYSTEM, sort=(sort,), limit=1)
            rest = every.records.list_page(session, every.forms, "every", SYSTEM, sort=(sort,), after=page.next)
            assert len({page.items[0].id, rest.items[0].id}) == 2, sort

        def asked(**question: Any) -> str | None:
            error = refused(lambda: aggregate(session, access, question))
            return error.issues[0].code if error else None

        for field in form["fields"]:
            for sort in (field["key"], f"-{field['key']}"):
                error = refused(partial(whole, sort))
                assert error is None or error.issues[0].code in ("not_sortable", "unknown_field")
                unsorted |= {field["type"]} if error else set()
            assert asked(group=[field["key"]]) in (None, "not_groupable", "unknown_field")
            for fn in ("sum", "average", "min", "max", "count_distinct"):
                code = asked(measures=[{"fn": fn, "field": field["key"]}])
                assert code in (None, "not_measurable", "unknown_field")
    sorting = {"text", "number", "money", "date", "datetime", "choice", "boolean", "member", "link", "time", "rating"}
    assert not unsorted & sorting
