"""Lists as files: what stands in them, who may have them, what nobody can smuggle through them."""

import csv
import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from formloom import jobs, outbox
from formloom.errors import Conflict, Forbidden, InvalidInput

from form_engine.exports import Export, Exports
from form_engine.exports import service as export_service
from form_engine.exports.guard import begins_formula
from form_engine.records.actor import SYSTEM, Actor
from tests.imports.conftest import Office
from tests.platform.backends import Inline

EVIL = ("=1+2", "+86 199", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", " =1", "＝1+2")


@pytest.fixture
def stock(things: Office) -> Office:
    things.people = things.person("chief", "chief"), things.person("clerk", "clerk")  # type: ignore[attr-defined]
    with things.work() as session:
        rows: list[dict[str, Any]] = [
            {"code": "A1", "name": "锤子", "price": "-0.00", "bought": "2025-01-31", "kind": "tool", "secret": "s1"},
            {"code": "A2", "name": "螺丝", "price": "1234.50", "kind": "part", "secret": "s2"},
            {"code": "A3", "name": "=HYPERLINK(1)", "kind": "tool"},
        ]
        ids = things.records.import_rows(session, things.forms, "thing", rows, SYSTEM)
        things.records.update(session, things.forms, ids[2], {"parent": ids[0]}, SYSTEM)
    return things


def written(office: Office, export: Export, actor: Actor = SYSTEM) -> bytes:
    exports, file = Exports(office.forms, office.files), io.BytesIO()
    with office.work() as session:
        exports.count(session, export, actor)
        for _ in exports.write(session, export, actor, file):
            pass
    return file.getvalue()


def sheet(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def texts(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def test_cells_are_typed_and_the_head_stays_in_sight(stock: Office) -> None:
    page = sheet(written(stock, Export("thing", sort=("code",), locale="en")))
    assert [cell.value for cell in page[1]] == ["Code", "Name", "Price", "Bought on", "Kind", "Part of", "Secret"]
    assert [cell.value for cell in page[2]] == ["A1", "锤子", 0, datetime(2025, 1, 31), "Tool", None, "s1"]  # noqa: DTZ001
    assert page["C3"].value == 1234.5
    assert page["C3"].number_format == "#,##0.00"
    assert page["D2"].number_format == "yyyy-mm-dd"
    assert page["F4"].value == "A1"
    assert page.freeze_panes == "A2"
    assert page["A1"].font.bold
    assert page.title == "Thing"


def test_text_is_never_a_formula(stock: Office) -> None:
    with stock.work() as session:
        rows = [{"code": f"E{at}", "name": text.strip(), "kind": "tool"} for at, text in enumerate(EVIL)]
        stock.records.import_rows(session, stock.forms, "thing", rows, SYSTEM)
    page = sheet(written(stock, Export("thing", sort=("code",))))
    names = [
        (page.cell(row, 2).value, page.cell(row, 2).data_type, page.cell(row, 2).quotePrefix) for row in range(2, 12)
    ]
    assert all(kind == "s" for _, kind, _ in names)
    assert [text for text, _, quote in names if begins_formula(text) and not quote] == []
    lines = texts(written(stock, Export("thing", format="csv", sort=("code",))))
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "@", "+", "\t", "＝"))]
    assert lines[3][1] == "'=HYPERLINK(1)"


def test_a_negative_amount_stays_a_number(things: Office) -> None:
    form = {**THING_WITHOUT_MIN, "key": "balance"}
    things.publish(form)
    with things.work() as session:
        things.records.import_rows(session, things.forms, "balance", [{"amount": "-12.30"}], SYSTEM)
    assert sheet(written(things, Export("balance")))["A2"].value == -12.3
    assert texts(written(things, Export("balance", format="csv")))[1] == ["-12.30"]


THING_WITHOUT_MIN: dict[str, Any] = {
    "kind": "form",
    "title": {"en": "Balance", "zh-CN": "余额"},
    "fields": [{"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"}],
}


def test_the_viewer_gets_what_their_list_shows(stock: Office) -> None:
    chief, clerk = stock.people  # type: ignore[attr-defined]
    mine = texts(written(stock, Export("thing", format="csv", sort=("code",), locale="en"), clerk))
    assert mine[0] == ["Code", "Name", "Price", "Bought on", "Kind", "Part of"]
    assert [line[0] for line in mine[1:]] == ["A1", "A3"]
    assert [line[0] for line in texts(written(stock, Export("thing", format="csv"), chief))[1:]] == ["A3", "A2", "A1"]
    assert "s1" not in written(stock, Export("thing", format="csv", columns=("code", "secret")), clerk).decode()
    with pytest.raises(InvalidInput):
        written(stock, Export("thing", format="csv", filter={"field": "secret", "op": "eq", "value": "s1"}), clerk)
    with pytest.raises(Forbidden):
        written(stock, Export("thing"), stock.person("reader", "reader"))


def test_filter_order_words_and_columns_are_those_of_the_list(stock: Office) -> None:
    asked = Export(
        "thing", format="csv", filter={"field": "kind", "op": "eq", "value": "tool"}, sort=("-code",), columns=("code",)
    )
    assert texts(written(stock, asked)) == [["编号"], ["A3"], ["A1"]]
    assert texts(written(stock, Export("thing", format="csv", q="螺丝", columns=("code",)))) == [["编号"], ["A2"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-bom", "gb18030"])
def test_encodings(stock: Office, encoding: Any) -> None:
    content = written(stock, Export("thing", format="csv", encoding=encoding, columns=("name",), sort=("code",)))
    assert content.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-bom")
    decoded = {"utf-8": "utf-8", "utf-8-bom": "utf-8-sig", "gb18030": "gb18030"}[encoding]
    assert texts(content, decoded)[1] == ["锤子"]
    assert content.endswith(b"\r\n")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_service, "AT_ONCE", 2)


@pytest.mark.usefixtures("short")
def test_a_long_list_is_a_job_whose_file_is_its_starters(stock: Office) -> None:
    chief, clerk = stock.people  # type: ignore[attr-defined]
    exports = Exports(stock.forms, stock.files)
    asked = Export("thing", format="csv", columns=("code",), sort=("code",))
    with stock.work() as session, pytest.raises(Conflict, match="export_is_long"):
        exports.at_once(session, asked, chief)
    with stock.work() as session:
        job_id = exports.start(session, asked, chief, 3)
    runner = outbox.Runner(stock.databases, {jobs.KIND: jobs.Jobs(exports.works())})
    outbox.Relay(stock.databases, Inline(runner)).run_once()
    with stock.work() as session:
        job = jobs.find(session, job_id)
        assert (job.state, job.done, job.total) == ("done", 3, 3)
        stored, stream = stock.files.open(session, (job.result or {})["file"])
        with stream:
            assert texts(stream.read()) == [["编号"], ["A1"], ["A2"], ["A3"]]
        assert stored.name == "物品.csv"
        assert stock.records.may_read_file(session, stock.forms, chief, str(stored.id))
        assert not stock.records.may_read_file(session, stock.forms, clerk, str(stored.id))
