"""Search: any two characters find, through the index, and nothing that its reader may not read."""

from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from form_engine.fields import BY_NAME, FIELD_TYPES
from form_engine.query.found import indexed_columns
from form_engine.query.listing import conditions_of
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.derive import normalised

WORDS = ["重庆长江设备", "上海 东方", "Ａbc-123", "王小明", "𠮷野家具", "100％", "a\nb", "ÉCOLE"]


@pytest.fixture
def filled(office: Any) -> dict[str, int]:
    return {
        word: office.create("budget", {"code": f"C{n}", "name": word.replace("\n", " "), "amount": "1.00"}).id
        for n, word in enumerate(WORDS)
    }


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("庆长", ["重庆长江设备"]),
        ("长庆", []),
        ("重庆 设备", ["重庆长江设备"]),
        ("abc", ["Ａbc-123"]),
        ("C-12", ["Ａbc-123"]),
        ("𠮷野", ["𠮷野家具"]),
        ("王", ["王小明"]),
        ("école", ["ÉCOLE"]),
        ("100%", ["100％"]),
        ("c3", ["王小明"]),
        ("海东", []),
    ],
)
def test_words_are_found_wherever_they_stand(office: Any, filled: dict[str, int], q: str, expected: list[str]) -> None:
    assert office.ids("budget", q=q) == [filled[word] for word in expected]


def test_changed_words_are_found_and_old_ones_are_not(office: Any, filled: dict[str, int]) -> None:
    changed = filled["王小明"]
    office.update(changed, {"name": "李大力"})
    assert office.ids("budget", q="小明") == []
    assert office.ids("budget", q="大力") == [changed]
    with office.work() as session:
        office.records.delete(session, office.forms, changed, SYSTEM)
    assert office.ids("budget", q="大力") == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.one_of(st.text(alphabet="重庆长江设备上海东方abcABC123-％ 王小明", max_size=6), st.text(max_size=4)))
def test_the_index_finds_what_reading_every_text_finds(office: Any, q: str) -> None:
    if not office.ids("budget"):
        for n, word in enumerate(WORDS):
            office.create("budget", {"code": f"C{n}", "name": word.replace("\n", " "), "amount": "1.00"})
    with office.work() as session:
        every = session.execute(text("SELECT id, search FROM record WHERE form = 'budget'")).all()
    words = normalised(q).split()
    assert sorted(office.ids("budget", q=q)) == sorted(
        one.id for one in every if all(word in one.search for word in words)
    )


def test_what_is_hidden_is_not_found(office: Any, make_person: Any) -> None:
    li = make_person("Li", "member")
    member = Actor.person(li.id, frozenset({"member"}))
    shown = office.create(
        "budget", {"code": "A", "name": "公开名称", "secret": "秘密内容", "amount": "1.00", "owner": li.id}
    ).id
    office.create("budget", {"code": "B", "name": "公开名称", "amount": "1.00"})
    assert len(office.ids("budget", q="公开")) == 2
    assert office.ids("budget", q="秘密") == [shown]
    assert office.ids("budget", member, q="公开") == [shown]
    assert office.ids("budget", member, q="秘密") == []


SEARCHED: dict[str, tuple[dict[str, Any], Any, tuple[str, ...]]] = {
    "text": ({}, "紫色 lamp", ("紫色", "lamp")),
    "rich_text": (
        {},
        [
            {"is": "h", "runs": [{"text": "绿"}, {"text": "洲", "bold": True}]},
            {"is": "p", "runs": []},
            {"is": "p", "runs": [{"text": "runs Oasis"}]},
        ],
        ("绿洲", "oasis", "绿洲 runs"),
    ),
    "phone": ({}, "13800138000", ("00138", "13800138000")),
    "email": ({}, "wu@example.test", ("wu@ex",)),
    "url": ({}, "https://example.org/way", ("example.org",)),
    "id_number": ({}, "11010519491231002X", ("002x", "19491231")),
    "address": (
        {},
        {"region": ["广东省", "深圳市"], "detail": "科技园1号", "postcode": "518000"},
        ("广东省深圳市科技园", "省深", "518000"),
    ),
    "scan": ({}, "SKU-77", ("sku-7",)),
    "choice": ({"options": [{"key": "r", "label": {"en": "Crimson", "zh-CN": "绯红"}}]}, "r", ("crimson", "绯红")),
    "choices": (
        {"options": [{"key": "p", "label": "Copper"}, {"key": "q", "label": "Nickel"}, {"key": "s", "label": "Zinc"}]},
        ["p", "q"],
        ("copper", "nick", "copper nickel"),
    ),
    "cascade": (
        {
            "options": [
                {"key": "e", "label": "华东", "options": [{"key": "one", "label": "上海"}]},
                {"key": "w", "label": "西部", "options": [{"key": "one", "label": "成都"}]},
            ]
        },
        ["e", "one"],
        ("华东", "上海", "上海 华东"),
    ),
    "number_series": ({"pattern": "QX-{seq:4}"}, None, ("qx-00", "0001")),
}
NOWHERE = ("成都", "西部", "zinc", "runs绿", "bold", "region")


def test_every_searched_type_is_searched() -> None:
    assert {kind.name for kind in FIELD_TYPES if kind.searched} == set(SEARCHED)


def test_who_may_not_read_all_finds_the_same_in_what_they_may(office: Any, make_person: Any) -> None:
    """The index answers one, the document's fields the other."""
    for at, (name, (config, value, words)) in enumerate(SEARCHED.items()):
        form = {
            "kind": "form",
            "key": f"seek_{name}",
            "title": "Seek",
            "fields": [
                {"key": "shown", "type": name, **config},
                {"key": "secret", "type": "text"},
            ],
            "access": [{"role": "reader", "may": ["read"], "fields": {"secret": "hidden"}}],
        }
        with office.work() as session:
            office.forms.publish_together(session, {form["key"]: form}, SYSTEM)
        given = {"shown": value} if value is not None else {}
        record = office.create(form["key"], {**given, "secret": "隐藏"}).id
        office.create(form["key"], {"secret": "隐藏"})
        reader = Actor.person(make_person(f"R{at}", "reader").id, frozenset({"reader"}))
        for word in words:
            for actor in (SYSTEM, reader):
                found = office.ids(form["key"], actor, q=word)
                assert record in found, (name, word, actor)
                assert len(found) == 1 or name == "number_series"
        for word in (*NOWHERE, "隐藏"):
            assert office.ids(form["key"], reader, q=word) == [], (name, word)
        for word in NOWHERE:
            assert office.ids(form["key"], q=word) == [], (name, word)


def test_the_columns_of_tables_are_searched(office: Any, make_person: Any) -> None:
    columns = [
        {"key": name, "type": name, "label": name, **config}
        for name, (config, value, _) in SEARCHED.items()
        if value is not None and BY_NAME[name].in_table
    ]
    form = {
        "kind": "form",
        "key": "seek_rows",
        "title": "Seek",
        "fields": [
            {"key": "secret", "type": "text"},
            {"key": "lines", "type": "table", "fields": [*columns, {"key": "hidden", "type": "text", "label": "H"}]},
        ],
        "access": [{"role": "reader", "may": ["read"], "fields": {"secret": "hidden", "lines.hidden": "hidden"}}],
    }
    with office.work() as session:
        office.forms.publish_together(session, {"seek_rows": form}, SYSTEM)
    row = {column["key"]: SEARCHED[column["key"]][1] for column in columns}
    record = office.create("seek_rows", {"lines": [{"hidden": "隐藏"}, row]}).id
    office.create("seek_rows", {"secret": "隐藏"})
    reader = Actor.person(make_person("Reader", "reader").id, frozenset({"reader"}))
    assert len(columns) > 5
    for column in columns:
        for word in SEARCHED[column["key"]][2]:
            for actor in (SYSTEM, reader):
                assert office.ids("seek_rows", actor, q=word) == [record], (column["key"], word, actor)
    assert office.ids("seek_rows", q="隐藏 lamp") == [record]
    assert office.ids("seek_rows", reader, q="隐藏") == []
    office.update(record, {"lines": []})
    assert office.ids("seek_rows", q="lamp") == []


def test_another_workspace_is_never_looked_into(office: Any, other_workspace: int) -> None:
    record = office.create("budget", {"code": "A", "name": "重庆长江", "amount": "1.00"}).id
    asked = text("SELECT search_candidates('budget', '庆长', 10)")
    with office.work() as session:
        assert list(session.scalars(asked)) == [record]
    with unit_of_work(office.databases, other_workspace) as session:
        assert list(session.scalars(asked)) == []
        # Not even by naming the tokens of the other one: they say which workspace they are of.
        assert list(session.scalars(text("SELECT record_id FROM record_search"))) == []
    with office.databases.server.connect("formloom_app") as connection:
        assert connection.execute("SELECT search_candidates('budget', '庆长', 10)").fetchall() == []
        assert connection.execute("SELECT record_id FROM record_search").fetchall() == []


def test_the_index_is_asked_for_words_and_not_for_single_letters(office: Any, filled: dict[str, int]) -> None:
    with office.work() as session:
        access = office.records.access(session, office.forms, "budget", SYSTEM)
        columns = indexed_columns(access)
        found = [str(conditions_of(session, access, columns, None, None, q)[1]) for q in ("庆长", "庆")]
    assert "ANY" in found[0]
    assert found[1] == "true"
