"""An import as a transaction that people look at: read, mapped, put right, written, taken back."""

import io
from typing import Any

import openpyxl
import pytest
from formloom import jobs
from formloom.errors import Conflict, Forbidden, InvalidDefinition, InvalidInput, NotFound

from form_engine.imports.batches import RUN
from form_engine.imports.profile import parse_profile
from form_engine.imports.report import write_errors
from form_engine.records.actor import SYSTEM
from tests.imports.conftest import THING, Office

SHEET = """物品清单,,,,
,,,,
编号,名称,价格（元）,购买日期,类型
A1,锤子,"￥1,200.00",2025/1/31,工具
A2,螺丝,5元,2025年2月1日,零件
A3,钳子,贵,31.12.2024,工具
小计,,1205,,
A4,扳手,-3,2025-03-01,别的
A2,螺丝,5元,2025年2月1日,零件
以上由仓库填写,,,,
"""


def codes(office: Office, batch: Any) -> list[tuple[int, str, list[str]]]:
    return [(row.line, row.state, [issue["code"] for issue in row.issues]) for row in office.rows(batch)]


def test_a_sheet_is_mapped_by_its_names_and_each_row_told(things: Office) -> None:
    batch = things.upload("thing", SHEET.encode())
    assert batch.found["sheets"][0]["mapped"] == {"code": 0, "name": 1, "price": 2, "bought": 3, "kind": 4}
    assert batch.found["sheets"][0]["header"] == {"first": 3, "last": 3}
    told = codes(things, batch)
    assert [line for line, _, _ in told] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert [state for _, state, _ in told] == ["header", "ok", "ok", "error", "skip", "error", "skip", "skip"]
    assert told[3][2] == ["not_a_decimal"]
    assert told[4][2] == ["row_subtotal"]
    assert told[5][2] == ["below_min", "not_an_option"]
    assert "duplicate_row" in told[6][2]
    assert told[7][2] == ["row_footnote"]
    clean = things.rows(batch)[1].clean
    assert clean == {"code": "A1", "name": "锤子", "price": "1200.00", "bought": "2025-01-31", "kind": "tool"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_text_in_any_usual_encoding_and_delimiter(things: Office, encoding: str, mark: str) -> None:
    content = f"编号{mark}名称\nA1{mark}锤子\nA2{mark}螺丝\n".encode(encoding)
    batch = things.upload("thing", content)
    assert batch.counts["ok"] == 2
    assert things.rows(batch)[1].clean == {"code": "A1", "name": "锤子"}


def workbook(*sheets: list[list[Any]], merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets):
        page = book.create_sheet(f"S{number}")
        for row in rows:
            page.append(row)
        if merged and not number:
            page.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_two_lines_of_header_and_several_sheets(things: Office) -> None:
    content = workbook(
        [["物品", None, "购买", None], ["编号", "名称", "价格", "购买日期"], ["A1", "锤子", 12.5, "2025-01-01"]],
        [["Code", "Name"], ["B1", "Saw"]],
        [["nothing here"]],
        merged="A1:B1",
    )
    batch = things.upload("thing", content, name="two.xlsx")
    first, second, third = batch.found["sheets"]
    assert first["header"] == {"first": 1, "last": 2}
    assert first["mapped"] == {"code": 0, "name": 1, "price": 2, "bought": 3}
    assert second["mapped"] == {"code": 0, "name": 1}
    assert [(row.clean or {})["code"] for row in things.rows(batch, "ok")] == ["A1", "B1"]
    assert third["name"] == "S2"


def test_a_formula_in_a_cell_is_the_value_that_it_had(things: Office) -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    page.write_row(0, 0, ["Code", "Price"])
    page.write_row(1, 0, ["A1"])
    page.write_formula(1, 1, "=1+2", None, 3)
    book.close()
    batch = things.upload("thing", out.getvalue(), name="formula.xlsx")
    assert things.rows(batch, "ok")[0].clean == {"code": "A1", "price": "3.00"}


def test_a_cell_is_put_right_and_its_row_judged_anew(things: Office) -> None:
    batch = things.upload("thing", SHEET.encode())
    wrong = things.rows(batch, "error")[0]
    with things.work() as session:
        row = things.imports.correct(session, batch.id, wrong.position, {2: "88"}, SYSTEM)
        assert (row.state, (row.clean or {})["price"], row.fixed) == ("ok", "88.00", {"2": "88"})
        assert row.raw[2] == "贵"
    assert things.batch(batch.id).counts["error"] == 1
    again = things.rows(batch, "skip")[1]
    with things.work() as session:
        assert things.imports.correct(session, batch.id, again.position, {0: "A9"}, SYSTEM).state == "ok"
        with pytest.raises(InvalidInput, match="import_column_unknown"):
            things.imports.correct(session, batch.id, again.position, {9: "x"}, SYSTEM)
        with pytest.raises(NotFound):
            things.imports.correct(session, batch.id, 4711, {0: "x"}, SYSTEM)


def test_all_or_only_what_is_valid(things: Office) -> None:
    batch = things.upload("thing", SHEET.encode())
    with things.work() as session, pytest.raises(Conflict, match="import_has_errors"):
        things.imports.run(session, batch.id, SYSTEM)
    done = things.run(batch, valid_only=True)
    assert (done.state, done.result) == ("done", {"written": 2})
    assert [each["code"] for each in things.values("thing")] == ["A1", "A2"]
    with things.work() as session, pytest.raises(Conflict, match="import_wrong_state"):
        things.imports.run(session, batch.id, SYSTEM, valid_only=True)


def test_all_or_none_stays_none_when_somebody_is_quicker(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\nA2,two\n")
    with things.work() as session:
        things.records.create(session, things.forms, "thing", {"code": "A2"}, SYSTEM)
    failed = things.run(batch)
    assert failed.state == "failed"
    assert failed.result["undone"] == 0
    assert [each["code"] for each in things.values("thing")] == ["A2"]
    partly = things.run(batch, valid_only=True)
    assert partly.result == {"written": 1}
    assert codes(things, batch)[2] == (3, "error", ["not_unique"])


def test_undo_takes_back_what_nobody_changed(things: Office) -> None:
    batch = things.run(things.upload("thing", b"Code,Name\nA1,one\nA2,two\nA3,three\n"))
    changed, linked, free = (row.record_id or 0 for row in things.rows(batch, "ok"))
    with things.work() as session:
        things.records.update(session, things.forms, changed, {"name": "ours now"}, SYSTEM)
        things.records.create(session, things.forms, "thing", {"code": "B1", "parent": linked}, SYSTEM)
    undone = things.undo(batch)
    assert (undone.state, undone.result) == ("done", {"undone": 1, "kept": 2})
    assert {each["code"] for each in things.values("thing")} == {"A1", "A2", "B1"}
    with things.work() as session, pytest.raises(NotFound):
        things.records.get(session, things.forms, free, SYSTEM)


def profile(**more: Any) -> dict[str, Any]:
    columns = [{"key": "code", "to": "code", "headers": ["Code"]}, {"key": "name", "to": "name", "headers": ["Name"]}]
    return {"kind": "import", "key": "p", "form": "thing", "title": "P", "columns": columns, **more}


@pytest.mark.parametrize(("found", "names", "written"), [("update", ["new", "two"], 2), ("skip", ["old", "two"], 1)])
def test_upsert_by_key(things: Office, found: str, names: list[str], written: int) -> None:
    with things.work() as session:
        things.records.create(session, things.forms, "thing", {"code": "A1", "name": "old", "price": "1.00"}, SYSTEM)
    batch = things.upload("thing", b"Code,Name\nA1,new\nA2,two\n")
    with things.work() as session:
        things.imports.map(session, batch.id, profile(upsert={"key": ["code"], "found": found}), SYSTEM)
    done = things.run(batch)
    assert done.result == {"written": written}
    assert [each["name"] for each in things.values("thing")] == names
    assert things.values("thing")[0]["price"] == "1.00"
    undone = things.undo(batch)
    assert undone.state == "undone"
    assert [each["name"] for each in things.values("thing")] == ["old"]


def test_links_are_found_by_unique_field_number_or_title(things: Office) -> None:
    things.run(things.upload("thing", b"Code,Name\nP1,parent\n"))
    batch = things.upload("thing", "编号,所属\nC1,P1\nC2,P9\n".encode())
    assert codes(things, batch)[1:] == [(2, "ok", []), (3, "error", ["no_such_record"])]


def test_what_one_may_not_read_is_not_found_by_a_sheet(things: Office) -> None:
    clerk = things.person("clerk", "clerk")
    things.run(things.upload("thing", b"Code,Kind\nHIDDEN,part\nSEEN,tool\n"))
    content = "编号,所属,类型,Secret\nC1,HIDDEN,工具,s\nC2,SEEN,工具,s\n".encode()
    batch = things.upload("thing", content, clerk)
    assert "secret" not in batch.found["sheets"][0]["mapped"]
    assert codes(things, batch)[1:] == [(2, "error", ["no_such_record"]), (3, "ok", [])]


def test_a_mapping_is_remembered_for_the_same_header(things: Office) -> None:
    content = b"Thingummy,Whatsit\nA1,one\n"
    with pytest.raises(InvalidInput, match="no_header_found"):
        things.upload("thing", b"\n\n")
    batch = things.upload("thing", content)
    assert batch.counts["error"] == 1
    mapped = profile()
    mapped["columns"][0]["headers"], mapped["columns"][1]["headers"] = ["Thingummy"], ["Whatsit"]
    with things.work() as session:
        assert things.imports.map(session, batch.id, mapped, SYSTEM).counts["ok"] == 1
        with pytest.raises(InvalidDefinition):
            things.imports.map(session, batch.id, {**mapped, "form": "elsewhere"}, SYSTEM)
    again = things.upload("thing", b"Thingummy,Whatsit\nB1,two\nB2,three\n")
    assert again.counts["ok"] == 2


def test_a_batch_is_its_uploaders_and_the_admins(things: Office) -> None:
    chief, other, admin = (
        things.person("chief", "chief"),
        things.person("other", "chief"),
        things.person("adm", "admin"),
    )
    batch = things.upload("thing", b"Code,Name\nA1,one\n", chief)
    with things.work() as session:
        assert things.imports.find(session, batch.id, chief).id == batch.id
        assert things.imports.find(session, batch.id, admin).id == batch.id
        with pytest.raises(NotFound):
            things.imports.find(session, batch.id, other)
        assert [each.id for each in things.imports.listing(session, "thing", chief)] == [batch.id]
        assert things.imports.listing(session, "thing", other) == []
    with pytest.raises(Forbidden):
        things.upload("thing", b"Code\nA1\n", things.person("reader", "reader"))
    with pytest.raises(NotFound):
        things.upload("thing", b"Code\nA1\n", things.person("nobody"))


def test_error_rows_go_out_with_their_reasons(things: Office) -> None:
    batch = things.upload("thing", SHEET.encode())
    out = io.BytesIO()
    with things.work() as session:
        count = write_errors(
            session, things.batch(batch.id), parse_profile(batch.profile), out, "zh-CN", lambda code, _: f"<{code}>"
        )
    page = openpyxl.load_workbook(io.BytesIO(out.getvalue())).worksheets[0]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert count == 2
    assert rows[0] == ["工作表", "行号", "编号", "名称", "价格（元）", "购买日期", "类型", "问题"]
    assert rows[1] == [None, 6, "A3", "钳子", "贵", "31.12.2024", "工具", "<not_a_decimal>"]


def test_a_batch_that_was_cancelled_goes_on_where_it_stood(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\n" + b"".join(b"A%d,x\n" % n for n in range(1200)), wait=True)
    with things.work() as session:
        things.imports.run(session, batch.id, SYSTEM)
        writer = things.imports.writer(session, things.imports.find(session, batch.id, SYSTEM), SYSTEM)
        assert writer.write(session, -1, all_or_none=True) == 500
        job = things.imports.find(session, batch.id, SYSTEM).job_id
        assert jobs.find(session, job or 0).kind == RUN
    things.jobs()
    assert things.batch(batch.id).result == {"written": 1200}


def test_a_form_that_changed_meanwhile_has_the_last_word(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\n")
    stricter = {**THING, "fields": [*THING["fields"], {"key": "must", "type": "text", "label": "M", "required": True}]}
    things.publish(stricter)
    assert things.run(batch, valid_only=True).result == {"written": 0}
    assert codes(things, batch)[1] == (2, "error", ["required"])


def test_a_profile_cannot_link_to_what_its_author_may_not_read(things: Office) -> None:
    clerk = things.person("clerk", "clerk")
    things.run(things.upload("thing", b"Code,Kind\nHIDDEN,part\nSEEN,tool\n"))
    with things.work() as session:
        found = things.records.list_page(session, things.forms, "thing", SYSTEM, sort=("code",)).items
        hidden, seen = (item.id for item in found)
    batch = things.upload("thing", "编号,所属,类型\nC1,a,工具\nC2,b,工具\n".encode(), clerk)
    mapping = dict(batch.profile)
    parent = next(column for column in mapping["columns"] if column["key"] == "parent")
    parent["values"] = {"a": hidden, "b": seen}
    with things.work() as session:
        batch = things.imports.map(session, batch.id, mapping, clerk)
    assert codes(things, batch)[1:] == [(2, "error", ["no_such_record"]), (3, "ok", [])]
    assert things.run(batch, clerk, valid_only=True).result == {"written": 1}
    later = things.upload("thing", "编号,所属,类型\nD1,SEEN,工具\n".encode(), clerk)
    with things.work() as session:
        things.records.update(session, things.forms, seen, {"kind": "part"}, SYSTEM)
    assert things.run(later, clerk, valid_only=True).result == {"written": 0}


def test_what_is_remembered_for_others_are_names_alone(things: Office) -> None:
    chief, clerk = things.person("chief", "chief"), things.person("clerk", "clerk")
    header = b"Thingummy,Whatsit,Hush\n"
    batch = things.upload("thing", header + b"A1,one,s\n", chief)
    mapped = profile()
    mapped["columns"] = [
        {"key": "a", "to": "code", "headers": ["Thingummy"], "text": ["lower"]},
        {"key": "b", "to": "name", "headers": ["Whatsit"], "values": {"one": "confidential"}, "default": "mine"},
        {"key": "c", "to": "secret", "headers": ["Hush"]},
    ]
    with things.work() as session:
        assert things.imports.map(session, batch.id, mapped, chief).found.get("remembered") is None
    mine = things.upload("thing", header + b"B1,one,s\n", chief)
    assert (mine.found["remembered"], mine.found["sheets"][0]["mapped"]) == (
        {"by": chief.ref},
        {"code": 0, "name": 1, "secret": 2},
    )
    theirs = things.upload("thing", header + b"B1,one,s\nB2,,s\n", clerk)
    assert theirs.found["remembered"] == {"by": chief.ref}
    assert theirs.found["sheets"][0]["mapped"] == {"code": 0, "name": 1}
    assert [row.clean for row in things.rows(theirs, "ok")] == [
        {"code": "B1", "name": "one"},
        {"code": "B2", "name": None},
    ]
    assert "confidential" not in str(theirs.profile)


def test_whether_a_file_is_read_at_once_hangs_on_what_is_in_it(things: Office) -> None:
    """A small file may unfold to much; a large one may hold little."""
    many = workbook([["Code", "Name"], *([f"A{n}", "x"] for n in range(2_100))])
    long = workbook([["Code", "Name"], *([f"A{n}", "x" * 30_000] for n in range(20))])
    assert len(long) < 20_000
    few = b"Code,Name\n" + b"".join(b"A%d,%s\n" % (n, b"x" * 350) for n in range(1_000))
    for content, at_once in ((many, False), (long, False), (few, True), (SHEET.encode(), True)):
        assert (things.imports.look(io.BytesIO(content)) is not None) is at_once
    with things.work() as session:
        assert things.imports.upload(session, "thing", io.BytesIO(long), "long.xlsx", SYSTEM).state == "reading"
