"""Random roles, rules, grants and records: every door shows exactly the same records, and no hidden field anywhere.

The forms are published anew for each example. What each person may see is worked out a second time here, in plain
Python over the example itself; the doors are then held to that.
"""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from formloom.clock import app_now
from formloom.errors import InvalidInput, NotFound
from formloom.models import AccessGrant
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from form_engine.query.listing import matching_ids, stream
from form_engine.records.actor import Actor
from tests.form_engine.permission.random_rules import (
    FIELDS,
    Line,
    Pointing,
    PointingLine,
    Row,
    grants,
    holdings,
    lines,
    pointing,
    pointing_lines,
    rows,
)

POINTED = ("blank", "not_blank")
_forms = itertools.count(1)


@pytest.fixture
def people(make_person: Any) -> list[int]:
    return [make_person(name).id for name in "ABCD"]


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lines=st.lists(lines, min_size=1, max_size=5),
    rows=st.lists(rows, min_size=1, max_size=5),
    grants=grants,
    roles=holdings,
    pointing=st.tuples(pointing, pointing_lines),
)
@example(
    lines=[Line("r1", ("read",), None, {})],
    rows=[Row("alpha", "c1", 1, 0, 0), Row("beta", "c2", 2, 1, 1)],
    grants=[],
    roles=[{"r1"}, {"r1", "r2"}, {"r2"}, set()],
    pointing=([Pointing(0, 0), Pointing(1, 1)], [PointingLine("r1", "open = 1", "read")]),
)
def test_every_door_shows_the_same(
    office: Any,
    people: list[int],
    lines: list[Line],
    rows: list[Row],
    grants: list[tuple[int, int, dict[str, str]]],
    roles: list[set[str]],
    pointing: tuple[list[Pointing], list[PointingLine]],
) -> None:
    example = Example(office, people, lines, rows, grants, roles, pointing, next(_forms))
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
        pointing: tuple[list[Pointing], list[PointingLine]],
        number: int,
    ) -> None:
        self.office, self.people, self.lines, self.rows, self.roles = office, people, lines, rows, roles
        self.form, self.child, self.note = f"thing{number}", f"child{number}", f"note{number}"
        self.pointing = [each for each in pointing[0] if each.to < len(rows)]
        self.pointing_lines = pointing[1]
        self.notes: list[int] = []
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
                {"key": "notes", "type": "backlink", "form": self.note, "via": "thing"},
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
        note = {
            "kind": "form",
            "key": self.note,
            "title": "Note",
            "fields": [
                {"key": "thing", "type": "link", "form": self.form},
                {"key": "open", "type": "number", "decimals": 0},
            ],
            "access": [
                {
                    "role": line.role,
                    "may": ["read"],
                    "fields": {"thing": line.link},
                    **({"where": line.where} if line.where else {}),
                }
                for line in self.pointing_lines
            ],
        }
        together = {self.form: thing, self.child: child, self.note: note}
        with self.office.work() as session:
            self.office.forms.publish_together(session, together, self.actor(0))
        for row in self.rows:
            values = {"name": row.name, "code": row.code, "sum": str(row.sum), "owner": self.people[row.owner]}
            maker = Actor.person(self.people[row.maker], frozenset({"maker"}))
            record = self.office.create(self.form, values, maker).id
            self.ids.append(record)
            self.children.append(self.office.create(self.child, {"thing": record}).id)
        for each in self.pointing:
            values = {"thing": self.ids[each.to], "open": str(each.open)}
            self.notes.append(self.office.create(self.note, values).id)
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
            if self.link_read(at) and self._computed_shown(met, granted, "notes"):
                found[record].add("notes")
        return found

    def _computed_shown(self, met: list[Line], granted: list[dict[str, str]], key: str) -> bool:
        by_role = any(line.fields.get("*", "write") != "hidden" for line in met if {"read", "update"} & set(line.may))
        return by_role or any(fields.get("*", "hidden") != "hidden" for fields in granted)

    def name_shown_by_roles(self, at: int) -> bool:
        """Whether roles show the name in every record that they let this person meet: ADR 061 goes by them alone."""
        mets = [self.met(at, row_at) for row_at in range(len(self.rows))]
        return all(
            any(
                line.fields.get("name", line.fields.get("*", "write")) != "hidden"
                for line in met
                if {"read", "update"} & set(line.may)
            )
            for met in mets
            if any("read" in line.may for line in met)
        )

    def link_read(self, at: int) -> bool:
        """Whether the link of notes is readable in every note that this person can meet."""
        mine = [line for line in self.pointing_lines if line.role in {*self.roles[at], "everybody"}]
        always = any(line.where is None and line.link == "read" for line in mine)
        return bool(mine) and (always or all(line.link == "read" for line in mine))

    def pointed(self, at: int) -> dict[int, set[int]]:
        """By id: the notes pointing there that this person may read."""
        mine = [line for line in self.pointing_lines if line.role in {*self.roles[at], "everybody"}]
        found: dict[int, set[int]] = {}
        for id_, note in zip(self.notes, self.pointing, strict=True):
            if any(line.where is None or note.open == 1 for line in mine):
                found.setdefault(self.ids[note.to], set()).add(id_)
        return found

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
                if "notes" in visible[record]:
                    assert set(view.computed["notes"]) == self.pointed(at).get(record, set())
                assert titles[record][1] == view.title
                for change in records.history(session, view):
                    assert change.changes.keys() <= visible[record]
            for field in FIELDS:
                self.asked(session, actor, field, visible)
            self.asked_of_notes(session, actor, visible, self.pointed(at))
            for child in self.children:
                view = records.view(session, forms, child, actor)
                assert "peek" not in view.computed or self.name_shown_by_roles(at)

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
        assert view.computed.keys() <= shown
        assert view.computed.keys() - {"notes"} == shown & {"double", "called"}
        assert view.title == " ".join(values[key] for key in ("name", "code") if key in shown)

    def asked_of_notes(
        self, session: Any, actor: Actor, visible: dict[int, set[str]], pointed: dict[int, set[int]]
    ) -> None:
        """Whether anything points here is answered by the notes that may be read, or not at all."""
        records, forms = self.office.records, self.office.forms
        hidden = any("notes" not in shown for shown in visible.values())
        expected = {op: {each for each in visible if (each in pointed) == (op == "not_blank")} for op in POINTED}
        for op, found in expected.items():
            question = {"field": "notes", "op": op}
            try:
                page = records.list_page(session, forms, self.form, actor, filter=question, limit=100)
            except InvalidInput:
                continue  # it is hidden in a record that is met, or in one that could be
            assert not hidden or not visible
            assert {item.id for item in page.items} == found
            assert page.count == len(found)
            access = records.access(session, forms, self.form, actor)
            assert set(session.scalars(matching_ids(session, access, filter=question))) == found
            counted = {"measures": [{"as": "n", "fn": "count"}], "filter": question}
            if access.may("read"):
                figures = records.aggregate(session, forms, self.form, actor, counted)
                assert [group.measures["n"] for group in figures.groups] == [len(found)]

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
