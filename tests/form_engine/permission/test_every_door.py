"""Random roles, rules, grants and records: every door shows exactly the same records, and no hidden field anywhere.

The forms are published anew for each example. What each person may see is worked out a second time here, in plain
Python over the example itself; the doors are then held to that.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from formloom.clock import app_now
from formloom.errors import InvalidInput, NotFound
from formloom.models import AccessGrant
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from form_engine.query.listing import matching_ids, stream
from form_engine.records.actor import Actor

FIELDS = ("name", "code", "sum", "day", "owner")
ROLES = ("r1", "r2", "r3")
LEVELS = ("hidden", "read", "write")
FILTERS = (None, "owner = ME()", "sum > 10", 'code = "c1"', "created_by = ME()")
_forms = itertools.count(1)


@dataclass(frozen=True)
class Line:
    role: str
    may: tuple[str, ...]
    where: str | None
    fields: dict[str, str]


@dataclass(frozen=True)
class Row:
    name: str
    code: str
    sum: int
    owner: int
    maker: int


lines = st.builds(
    Line,
    role=st.sampled_from(ROLES),
    may=st.sets(st.sampled_from(("read", "update", "export", "delete")), min_size=1).map(
        lambda may: tuple(sorted(may))
    ),
    where=st.sampled_from(FILTERS),
    fields=st.dictionaries(st.sampled_from((*FIELDS, "*")), st.sampled_from(LEVELS), max_size=4),
)
rows = st.builds(
    Row,
    name=st.sampled_from(("alpha", "beta", "gamma")),
    code=st.sampled_from(("c1", "c2")),
    sum=st.integers(0, 20),
    owner=st.integers(0, 3),
    maker=st.integers(0, 3),
)
grants = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 3),
        st.dictionaries(st.sampled_from((*FIELDS, "*")), st.sampled_from(("hidden", "read")), max_size=3),
    ),
    max_size=3,
    unique_by=lambda each: each[:2],
)
holdings = st.lists(st.sets(st.sampled_from(ROLES)), min_size=4, max_size=4)


@pytest.fixture
def people(make_person: Any) -> list[int]:
    return [make_person(name).id for name in "ABCD"]


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lines=st.lists(lines, min_size=1, max_size=5),
    rows=st.lists(rows, min_size=1, max_size=5),
    grants=grants,
    roles=holdings,
)
def test_every_door_shows_the_same(
    office: Any,
    people: list[int],
    lines: list[Line],
    rows: list[Row],
    grants: list[tuple[int, int, dict[str, str]]],
    roles: list[set[str]],
) -> None:
    example = Example(office, people, lines, rows, grants, roles, next(_forms))
    example.build()
    for at in range(len(people)):
        example.hold(at)


class Example:
    """One random world, and what it means."""

    def __init__(
        self,
        office: Any,
        people: list[int],
        lines: list[Line],
        rows: list[Row],
        grants: list[tuple[int, int, dict[str, str]]],
        roles: list[set[str]],
        number: int,
    ) -> None:
        self.office, self.people, self.lines, self.rows, self.roles = office, people, lines, rows, roles
        self.form, self.child = f"thing{number}", f"child{number}"
        self.grants = [each for each in grants if each[0] < len(rows)]
        self.ids: list[int] = []
        self.children: list[int] = []

    def build(self) -> None:
        access = [
            {
                "role": line.role,
                "may": list(line.may),
                "fields": line.fields,
                **({"where": line.where} if line.where else {}),
            }
            for line in self.lines
        ]
        making = {"role": "maker", "may": ["create"]}
        thing = {
            "kind": "form",
            "key": self.form,
            "title": "Thing",
            "display": ["name", "code"],
            "fields": [
                {"key": "name", "type": "text", "index": True},
                {"key": "code", "type": "text", "index": True},
                {"key": "sum", "type": "number", "decimals": 0, "index": True},
                {"key": "day", "type": "date"},
                {"key": "owner", "type": "member"},
                {"key": "double", "type": "formula", "value": "sum * 2"},
                {"key": "called", "type": "formula", "value": 'name & "!"'},
            ],
            "access": [making, *access],
        }
        child = {
            "kind": "form",
            "key": self.child,
            "title": "Child",
            "fields": [
                {"key": "thing", "type": "link", "form": self.form},
                {"key": "peek", "type": "formula", "value": "thing.name"},
            ],
            "access": [{"role": "everybody", "may": ["create", "read"]}],
        }
        with self.office.work() as session:
            self.office.forms.publish_together(session, {self.form: thing, self.child: child}, self.actor(0))
        for row in self.rows:
            values = {"name": row.name, "code": row.code, "sum": str(row.sum), "owner": self.people[row.owner]}
            maker = Actor.person(self.people[row.maker], frozenset({"maker"}))
            record = self.office.create(self.form, values, maker).id
            self.ids.append(record)
            self.children.append(self.office.create(self.child, {"thing": record}).id)
        with self.office.work() as session:
            for row_at, who, fields in self.grants:
                session.add(
                    AccessGrant(
                        workspace_id=self.office.workspace,
                        person_id=self.people[who],
                        form=self.form,
                        record_id=self.ids[row_at],
                        source="share:1",
                        actions=["read"],
                        fields=fields,
                        expires_at=app_now(session) + timedelta(minutes=5),
                    )
                )

    def actor(self, at: int) -> Actor:
        return Actor.person(self.people[at], frozenset({*self.roles[at], "everybody"}), "ABCD"[at])

    # -- what it means, worked out by hand -----------------------------------------------------------------------------

    def meets(self, line: Line, row: Row, at: int) -> bool:
        return {
            None: True,
            "owner = ME()": row.owner == at,
            "sum > 10": row.sum > 10,
            'code = "c1"': row.code == "c1",
            "created_by = ME()": row.maker == at,
        }[line.where]

    def met(self, at: int, row_at: int) -> list[Line]:
        row = self.rows[row_at]
        return [line for line in self.lines if line.role in self.roles[at] and self.meets(line, row, at)]

    def granted(self, at: int, row_at: int) -> list[dict[str, str]]:
        return [fields for place, who, fields in self.grants if (place, who) == (row_at, at)]

    def visible(self, at: int) -> dict[int, set[str]]:
        """By id: the fields that this person may read there."""
        found = {}
        for row_at, record in enumerate(self.ids):
            met, granted = self.met(at, row_at), self.granted(at, row_at)
            if not granted and not any("read" in line.may for line in met):
                continue
            shown = set()
            for field in FIELDS:
                by_role = any(
                    line.fields.get(field, line.fields.get("*", "write")) != "hidden"
                    for line in met
                    if {"read", "update"} & set(line.may)
                )
                by_grant = any(fields.get(field, fields.get("*", "hidden")) != "hidden" for fields in granted)
                if by_role or by_grant:
                    shown.add(field)
            found[record] = shown
            if "sum" in shown and self._computed_shown(met, granted, "double"):
                found[record].add("double")
            if "name" in shown and self._computed_shown(met, granted, "called"):
                found[record].add("called")
        return found

    def _computed_shown(self, met: list[Line], granted: list[dict[str, str]], key: str) -> bool:
        by_role = any(line.fields.get("*", "write") != "hidden" for line in met if {"read", "update"} & set(line.may))
        return by_role or any(fields.get("*", "hidden") != "hidden" for fields in granted)

    # -- the doors -----------------------------------------------------------------------------------------------------

    def hold(self, at: int) -> None:
        actor, visible = self.actor(at), self.visible(at)
        expected = set(visible)
        with self.office.work() as session:
            records, forms = self.office.records, self.office.forms
            access = records.access(session, forms, self.form, actor)
            page = records.list_page(session, forms, self.form, actor, limit=100)
            assert {item.id for item in page.items} == expected
            assert page.count == len(expected)
            streamed = [view for batch in stream(session, access) for view in batch]
            assert {view.id for view in streamed} == expected
            assert set(session.scalars(matching_ids(session, access))) == expected
            if access.may("read"):
                figures = records.aggregate(
                    session, forms, self.form, actor, {"measures": [{"as": "n", "fn": "count"}]}
                )
                assert [group.measures["n"] for group in figures.groups] == [len(expected)]
            offered = records.lookup(session, forms, self.child, "thing", actor, values={}, limit=100)
            assert {item.id for item in offered.items} == expected
            titles = records.titles(session, forms, self.ids, actor)
            assert {record for record, (_, title) in titles.items() if title is not None} == expected
            for view in (*page.items, *streamed, *offered.items):
                self.told(view, visible[view.id])
            for record in self.ids:
                try:
                    view = records.view(session, forms, record, actor)
                except NotFound:
                    assert record not in expected
                    continue
                self.told(view, visible[record])
                assert titles[record][1] == view.title
                for change in records.history(session, view):
                    assert change.changes.keys() <= visible[record]
            for field in FIELDS:
                self.asked(session, actor, field, visible)
            for child in self.children:
                view = records.view(session, forms, child, actor)
                assert "peek" not in view.computed or all("name" in shown for shown in visible.values())

    def told(self, view: Any, shown: set[str]) -> None:
        """A view has what may be read, and its title is made of that alone."""
        row = self.rows[self.ids.index(view.id)]
        values: dict[str, Any] = {
            "name": row.name,
            "code": row.code,
            "sum": str(row.sum),
            "owner": self.people[row.owner],
        }
        assert dict(view.values) == {key: value for key, value in values.items() if key in shown}
        assert view.computed.keys() <= shown | {"double", "called"}
        assert view.computed.keys() == shown & {"double", "called"}
        assert view.title == " ".join(values[key] for key in ("name", "code") if key in shown)

    def asked(self, session: Any, actor: Actor, field: str, visible: dict[int, set[str]]) -> None:
        """A question about a field is answered only if it is readable in every record that can be met."""
        hidden = any(field not in shown for shown in visible.values())
        asking: Iterator[dict[str, Any]] = iter(
            ({"filter": {"field": field, "op": "blank"}}, {"sort": (field,)}, {"sort": (f"-{field}",)})
        )
        for question in asking:
            try:
                self.office.records.list_page(session, self.office.forms, self.form, actor, **question)
            except InvalidInput:
                continue
            else:
                assert not hidden or not visible
        if field in ("name", "code"):
            values = {getattr(row, field) for row in self.rows}
            for value in values:
                found = self.office.ids(self.form, actor, q=value)
                by_field = {
                    record
                    for record, row in zip(self.ids, self.rows, strict=True)
                    if record in visible
                    and value in [getattr(row, each) for each in ("name", "code") if each in visible[record]]
                }
                assert set(found) <= by_field
