"""Files are made by processes with limits: what is in the data stays text, what takes too much is ended."""

import io
import time
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest
from docx import Document
from formloom.errors import ExternalFailure, FormloomError, InvalidInput, NotFound
from PIL import Image

from form_engine.documents.press import pdf as pdf_module
from form_engine.documents.press.outside import Limits
from form_engine.documents.press.pdf import pdf_of, picture_of
from form_engine.documents.press.word import names_in, word_of

SECRET = '#read("/etc/passwd") *b* $x$ \\ #panic() `c` @label <l> // https://example.com/a_b'


def words(text: str, **look: Any) -> dict[str, Any]:
    return {"is": "words", "text": text, "level": 0, "align": "left", **look}


def sheet(*nodes: Mapping[str, Any], **page: Any) -> dict[str, Any]:
    edges = {"header": "", "footer": "", "numbered": False, "most": 200}
    size = {"width": 100, "height": 60, "margins": [5, 5, 5, 5]}
    head = {"title": SECRET, "locale": "zh-CN", "language": "zh", "region": "cn"}
    return {**head, "page": {**size, **edges, **page}, "body": list(nodes)}


def pixels(*nodes: Mapping[str, Any], **page: Any) -> bytes:
    with Image.open(io.BytesIO(picture_of(sheet(*nodes, **page), {}))) as image:
        return image.convert("L").tobytes()


def dark(drawn: bytes) -> int:
    return sum(value < 128 for value in drawn)


def test_markup_of_the_typesetter_is_text() -> None:
    """Were it read, the page would be missing it, or could not be set at all."""
    assert pdf_of(sheet(words(SECRET), header=SECRET, footer=SECRET), {}).startswith(b"%PDF-")
    plain, marked = pixels(words("bold")), pixels(words("*bold*"))
    assert dark(marked) > dark(plain) > 0


def test_english_has_no_region() -> None:
    assert pdf_of({**sheet(words("plain")), "language": "en", "region": ""}, {}).startswith(b"%PDF-")


def test_chinese_has_its_glyphs() -> None:
    """Looked at as a picture: what has no glyph would draw the same box for every character."""
    drawn = {pixels(words(one * 8)) for one in "壹贰叁肆伍账单鑫淼囍·¥"}
    assert len(drawn) == 12
    assert pixels(words("账", bold=True)) != pixels(words("账"))
    missing = pixels(words("\ue000" * 8))
    assert missing not in drawn


def test_all_nodes_can_be_set() -> None:
    rows = {
        "is": "rows",
        "columns": [{"label": "A", "align": "left", "width": 2}, {"label": "B", "align": "right", "width": 1}],
        "numbered": True,
        "rows": [["x", "1"], ["y", "2"]],
        "totals": ["", "3"],
        "total": "Total",
        "more": "… and 3 more",
    }
    photo = io.BytesIO()
    Image.new("RGB", (3000, 2000), "#808080").save(photo, "JPEG")
    nodes = [
        words("a\nb", level=1),
        {"is": "fields", "columns": 2, "items": [{"label": "L", "text": "T", "wide": True}]},
        rows,
        {"is": "images", "files": ["f1", "f2"], "align": "center", "width": 30, "height": 20},
        {"is": "signature", "file": "f2", "label": "Signed", "width": 50},
        {"is": "signature", "file": None, "label": "", "width": 50},
        {
            "is": "qr",
            "code": {"side": 5, "path": "M2 2h1v1h-1z"},
            "text": "t",
            "size": 20,
            "label": "Q",
            "align": "left",
        },
        {"is": "columns", "widths": [2, 1], "columns": [[words("l")], [words("r")]]},
        {"is": "group", "framed": True, "nodes": [words("in a frame")]},
        {"is": "divider"},
        {"is": "space", "height": 5},
        {"is": "page_break"},
        words("next page", size="huge"),
    ]
    made = pdf_of(sheet(*nodes, numbered=True, height=200), {"f1": photo.getvalue(), "f2": photo.getvalue()})
    assert made.startswith(b"%PDF-")
    assert len(made) < 400_000  # a picture of six million pixels was made as small as paper shows


def test_a_file_that_was_not_handed_in_cannot_be_shown() -> None:
    for path in ("/etc/passwd", "../main.typ", "https://example.com/x.png", "sheet.json"):
        with pytest.raises(InvalidInput) as caught:
            pdf_of(sheet({"is": "images", "files": [path], "align": "left", "width": 10, "height": 0}), {})
        assert caught.value.code == "document_cannot_be_set"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InvalidInput, match="broken_image"):
        pdf_of(sheet(words("x")), {"f": b"<svg onload=alert(1)>"})


def test_pages_have_an_end() -> None:
    breaks = [each for at in range(6) for each in (words(f"page {at}"), {"is": "page_break"})]
    with pytest.raises(InvalidInput, match="too_many_pages"):
        pdf_of(sheet(*breaks, most=3), {})


def test_too_little_memory_ends_the_process_and_not_us() -> None:
    with pytest.raises(FormloomError) as caught:
        pdf_of(sheet(words("x")), {}, Limits(memory=60_000_000, seconds=5))
    assert caught.value.code in ("document_too_large", "document_failed")


def test_without_its_fonts_nothing_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(pdf_module, "FONTS", tmp_path)
    with pytest.raises(ExternalFailure, match="document_fonts_missing"):
        pdf_of(sheet(words("x")), {})


def test_a_page_takes_a_tenth_of_a_second() -> None:
    """Measured 0.07 s on a machine with nothing else to do; a busy one gets five times as much."""
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        pdf_of(sheet(words("收据"), width=210, height=297), {})
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.5


def template(*paragraphs: str) -> bytes:
    document = Document()
    for each in paragraphs:
        document.add_paragraph(each)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def text_of(made: bytes) -> list[str]:
    return [each.text for each in Document(io.BytesIO(made)).paragraphs]


CONTEXT = {"name": "王 <b>&{{ 7*7 }}", "lines": [{"a": "1"}, {"a": "2"}], "delete": "a field", "none": ""}


def test_a_word_template_is_filled_in() -> None:
    made = word_of(template("{{ name }}: {% for row in lines %}{{ row.a }};{% endfor %}{{ nothing }}"), CONTEXT)
    assert text_of(made) == ["王 <b>&{{ 7*7 }}: 1;2;"]
    assert names_in(template("{{ a }} {% for x in b %}{{ x.c }}{% endfor %}")) == {"a", "b"}


@pytest.mark.parametrize(
    "wrong",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ name.upper() }}",
        "{{ lines.append(1) }}",
        "{{ lines[0].clear() }}",
        "{{ 'a'*300000000 }}",
        "{{ 9**9**9 }}",
        "{% for i in range(99999999) %}{% for j in range(99999999) %}x{% endfor %}{% endfor %}",
        "{{ name|attr('__class__') }}",
        "{{ '%999999999d'|format(1) }}",
        "{{ lines|map(attribute='__class__')|list }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for row in lines recursive %}{{ loop(lines) }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ self.__init__() }}",
        "{% set x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 30 + "{{ x }}",
        "{{ unfinished",
    ],
)
def test_a_template_finds_its_way_to_nothing(wrong: str) -> None:
    """Refused or empty, within two seconds and 256 MB."""
    begun = time.perf_counter()
    with pytest.raises(InvalidInput) as caught:
        word_of(template(wrong), CONTEXT)
    assert caught.value.code in ("template_not_allowed", "template_wrong", "document_too_large")
    assert time.perf_counter() - begun < 5  # 0.3 s when nobody else works


@pytest.mark.parametrize(
    "nothing", ["{{ ''['__class__'] }}", "{{ name.nothing }}", "{{ ().__class__ }}", "{{ nothing }}"]
)
def test_what_is_not_there_is_empty(nothing: str) -> None:
    assert text_of(word_of(template(nothing), CONTEXT)) == [""]


def test_loops_over_its_own_rows_end_in_time() -> None:
    rows = {"lines": [{"a": "x"} for _ in range(1_000)]}
    deep = "{% for a in lines %}{% for b in lines %}{% for c in lines %}{% endfor %}{% endfor %}{% endfor %}"
    with pytest.raises(InvalidInput) as caught:
        word_of(template(deep), rows, Limits(memory=256_000_000, seconds=1))
    assert caught.value.code == "document_takes_too_long"


def archive(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def test_files_that_are_no_templates_are_refused() -> None:
    bomb = archive({"word/document.xml": b"0" * 70_000_000})
    program = archive({"word/vbaProject.bin": b"x"})
    outside = b'<Relationships><Relationship Id="r" Type="http://x/attachedTemplate" Target="http://evil/x.dotm" '
    leads = archive({"word/_rels/settings.xml.rels": outside + b'TargetMode="External"/></Relationships>'})
    entity = archive({"_rels/.rels": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'})
    for content, codes in (
        (b"not a zip", {"template_wrong"}),
        (bomb, {"document_too_large"}),
        (program, {"template_with_program"}),
        (leads, {"template_leads_out"}),
        (entity, {"template_wrong"}),
        (archive({"x": b"y"}), {"template_wrong"}),
    ):
        with pytest.raises((InvalidInput, NotFound)) as caught:
            word_of(content, {})
        assert caught.value.code in codes, codes
