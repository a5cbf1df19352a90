"""Sheets that mean harm: refused before they unfold, read in a process with limits, and never run."""

import io
import os
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from form_engine.imports.errors import UnreadableFile
from form_engine.imports.sheets import Limits, SheetInfo, read_sheets

SMALL = Limits(inflated=5_000_000, memory=700_000_000, seconds=20, rows=1_000, columns=50, sheets=3)


def rows(content: bytes, tmp_path: Path, limits: Limits = SMALL) -> list[object]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return list(read_sheets(path, limits))


def refusal(content: bytes, tmp_path: Path, limits: Limits = SMALL) -> str:
    with pytest.raises(UnreadableFile) as caught:
        rows(content, tmp_path, limits)
    return caught.value.code


def workbook(**parts: str | bytes) -> bytes:
    """A small workbook; `parts` replace or add parts of it (`__` stands for `/`)."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", 1])
    plain = io.BytesIO()
    book.save(plain)
    out = io.BytesIO()
    replaced = {name.replace("__", "/") + ".xml": value for name, value in parts.items()}
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in replaced:
                new.writestr(name, old.read(name))
        for name, value in replaced.items():
            new.writestr(name, value)
    return out.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
)


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    assert refusal(workbook(xl__worksheets__sheet1=b" " * 50_000_000), tmp_path) == "sheet_inflates"


def test_a_part_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The directory says 10 bytes; the data are twenty million."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 20_000_000)
    content = bytearray(out.getvalue())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.find(mark) + at
        content[place : place + 4] = struct.pack("<I", 10)
    assert refusal(bytes(content), tmp_path) in ("sheet_unreadable", "sheet_inflates")


def test_a_giant_dimension_is_only_a_claim(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row>'
    read = rows(workbook(xl__worksheets__sheet1=SHEET.format(dimension="A1:XFD1048576", rows=cells)), tmp_path)
    assert read[1:] == [(1.0,)]


def test_two_cells_far_apart_do_not_take_the_memory_of_what_lies_between(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    told = refusal(workbook(xl__worksheets__sheet1=SHEET.format(dimension="A1:XFD1048576", rows=cells)), tmp_path)
    assert told in ("sheet_too_large", "too_many_columns", "too_many_rows", "sheet_unreadable")


@pytest.mark.parametrize("reference", ["A1000000000", "ZZZZZZZZ1", "A0", "", "A1:B2"])
def test_cells_at_impossible_places(tmp_path: Path, reference: str) -> None:
    cells = f'<row r="1000000000"><c r="{reference}"><v>1</v></c></row>'
    content = workbook(xl__worksheets__sheet1=SHEET.format(dimension="A1", rows=cells))
    try:
        read = rows(content, tmp_path)
    except UnreadableFile:
        return
    assert len(read) < 5


def test_entities_do_not_unfold(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{entities}]>' + SHEET.format(
        dimension="A1", rows='<row r="1"><c r="A1" t="inlineStr"><is><t>&e11;</t></is></c></row>'
    )
    try:
        read = rows(workbook(xl__worksheets__sheet1=bomb), tmp_path)
    except UnreadableFile:
        return
    assert sum(len(str(row)) for row in read) < 10_000


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret", "utf-8")
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]>' + SHEET.format(
        dimension="A1", rows='<row r="1"><c r="A1" t="inlineStr"><is><t>&s;</t></is></c></row>'
    )
    try:
        read = rows(workbook(xl__worksheets__sheet1=document), tmp_path)
    except UnreadableFile:
        return
    assert "secret" not in str(read)


def test_formulas_links_and_macros_are_only_what_they_showed(tmp_path: Path) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    page.write_formula(0, 0, "='[http://127.0.0.1:1/x.xlsx]S'!A1", None, 7)
    page.write_url(1, 0, "file:///etc/passwd", string="link")
    page.write_formula(2, 0, '=HYPERLINK("http://127.0.0.1:1","x")', None, "shown")
    book.close()
    content = io.BytesIO(out.getvalue())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/vbaProject.bin", os.urandom(2_000))
    assert rows(content.getvalue(), tmp_path)[1:] == [(7.0,), ("link",), ("shown",)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7 nothing", "sheet_wrong_type"),
        (b"\x89PNG\r\n\x1a\n....", "sheet_wrong_type"),
        (b"\x7fELF\x02\x01", "sheet_wrong_type"),
        (b"PK\x03\x04 and nothing more", "sheet_unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "sheet_unreadable"),
        (b"a,b\n1,\x002\n", "sheet_nul"),
        (b"a,b\n\xff\xfe\xfd\x80,1\n", "sheet_encoding"),
    ],
)
def test_what_is_no_sheet(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(content, tmp_path) == code


def test_rows_columns_and_sheets_have_an_end(tmp_path: Path) -> None:
    assert refusal(b"a,b\n" * 1_001, tmp_path) == "too_many_rows"
    assert refusal(b",".join([b"x"] * 51), tmp_path) == "too_many_columns"
    book = openpyxl.Workbook()
    for number in range(4):
        book.create_sheet(f"more {number}")
    out = io.BytesIO()
    book.save(out)
    assert refusal(out.getvalue(), tmp_path) == "too_many_sheets"


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    content = b"a,b,c\n" * 900_000
    limits = Limits(seconds=0, rows=10_000_000)
    assert refusal(content, tmp_path, limits) in ("sheet_takes_too_long", "sheet_too_large")


def test_a_reader_that_stops_early_leaves_no_process(tmp_path: Path) -> None:
    import psutil  # type: ignore[import-untyped]

    path = tmp_path / "upload"
    path.write_bytes(b"a,b\n" * 900)
    stream = read_sheets(path, SMALL)
    assert isinstance(next(stream), SheetInfo)
    stream.close()  # type: ignore[attr-defined]
    assert [child for child in psutil.Process().children() if "child" in " ".join(child.cmdline())] == []


def test_old_workbooks_are_read_too(tmp_path: Path) -> None:
    import xlwt  # type: ignore[import-untyped]

    book = xlwt.Workbook()
    page = book.add_sheet("Old")
    page.write(0, 0, "编号")
    page.write(1, 0, 5)
    out = io.BytesIO()
    book.save(out)
    assert rows(out.getvalue(), tmp_path) == [SheetInfo("Old"), ("编号",), (5.0,)]
