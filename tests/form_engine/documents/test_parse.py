"""Documents as JSON: what is read, and what is refused with a pointer."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition, Issue

from form_engine.definition import parse_form
from form_engine.documents.blocks import BLOCK_TYPES
from form_engine.documents.compile import compile_document
from form_engine.documents.parse import parse_document
from form_engine.documents.phrase import read_phrase
from form_engine.fields.base import ConfigError
from tests.form_engine.office import BUDGET, CLAIM

WORLD = {raw["key"]: parse_form(raw) for raw in (BUDGET, CLAIM)}


def document(*blocks: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A document about claims."""
    whole = {"kind": "document", "key": "slip", "title": {"en": "Slip", "zh-CN": "单据"}, "form": "claim", **parts}
    return whole if "docx" in parts else {**whole, "blocks": list(blocks)}


def refused(raw: dict[str, Any]) -> set[tuple[str, str]]:
    """Pointers and codes."""
    with pytest.raises(InvalidDefinition) as caught:
        compile_document(parse_document(raw), WORLD)
    return {(issue.pointer, issue.code) for issue in caught.value.issues}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ["plain"]),
        ("{subject}", ["=subject"]),
        ("No. {number}, {total}", ["No. ", "=number", ", ", "=total"]),
        ("{{literally}} {subject}", ["{literally} ", "=subject"]),
        ('{IF(subject = "}", "{", "x")}', ['=IF(subject = "}", "{", "x")']),
        ("", []),
    ],
)
def test_placeholders_are_formulas_between_braces(text: str, parts: list[str]) -> None:
    read = read_phrase(text, "/text").in_locale("en")
    assert [part if isinstance(part, str) else f"={part.text}" for part in read] == parts


@pytest.mark.parametrize("text", ["{subject", "subject}", "{", 'a {IF("x) }', "{}"])
def test_a_brace_without_its_pair_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_phrase({"en": text}, "/text")
    assert caught.value.issue.pointer == "/text/en"


def test_every_wording_has_its_own_placeholders() -> None:
    phrase = read_phrase({"en": "Claim {number}", "zh-CN": "报销 {number}：{subject}"}, "")
    assert [len(phrase.in_locale(locale)) for locale in ("en", "zh-CN", "de")] == [2, 4, 4]


@pytest.mark.parametrize(
    ("raw", "issues"),
    [
        (document({"type": "poem"}), {("/blocks/0/type", "unknown_block")}),
        (document({"type": "paragraph"}), {("/blocks/0/text", "required")}),
        (document({"type": "divider", "colour": "red"}), {("/blocks/0/colour", "unknown_key")}),
        (document({"type": "paragraph", "text": "{nothing}"}), {("/blocks/0/text", "formula_unknown_name")}),
        (document({"type": "paragraph", "text": "{1 +}"}), {("/blocks/0/text", "formula_unexpected_end")}),
        (document({"type": "divider", "when": "total"}), {("/blocks/0/when", "formula_wrong_result")}),
        (document({"type": "fields", "items": ["total + 1"]}), {("/blocks/0/items/0/label", "label_needed")}),
        (document({"type": "rows", "of": "subject", "columns": ["row.cost"]}), {("/blocks/0/of", "not_rows_of")}),
        (
            document({"type": "rows", "of": {"form": "budget", "via": "owner"}, "columns": ["row.name"]}),
            {("/blocks/0/of/via", "not_linked_by")},
        ),
        (document({"type": "image", "value": "subject"}), {("/blocks/0/value", "not_files")}),
        (document({"type": "image"}), {("/blocks/0", "value_or_file")}),
        (document({"type": "qr", "value": "number", "link": "record"}), {("/blocks/0", "value_or_link")}),
        (document({"type": "divider"}, form="nothing"), {("/form", "unknown_form")}),
        (document({"type": "divider"}, page={"margins": "100mm"}), {("/page/margins", "margins_too_wide")}),
        (document({"type": "divider"}, page={"size": "A9"}), {("/page/size", "bad_shape")}),
        (document({"type": "divider"}, docx="a.docx") | {"blocks": [{"type": "divider"}]}, {("", "bad_format")}),
        (document(values={"x": "nothing"}, docx="a"), {("/values/x", "formula_unknown_name")}),
        (
            document({"type": "group", "blocks": [{"type": "columns", "columns": [[{"type": "x"}], []]}]}),
            {("/blocks/0/blocks/0/columns/1", "too_short")},
        ),
        (document({"type": "group", "blocks": [{"type": "x"}]}), {("/blocks/0/blocks/0/type", "unknown_block")}),
    ],
)
def test_what_is_wrong_is_told_with_its_place(raw: dict[str, Any], issues: set[tuple[str, str]]) -> None:
    assert refused(raw) == issues


def test_everything_wrong_is_told_at_once() -> None:
    raw = document({"type": "x"}, {"type": "paragraph", "text": "{"}, {"type": "space", "height": "1in"})
    with pytest.raises(InvalidDefinition) as caught:
        parse_document(raw)
    told: tuple[Issue, ...] = caught.value.issues
    assert {issue.pointer for issue in told} == {"/blocks/0/type", "/blocks/1/text", "/blocks/2/height"}


def test_every_block_says_what_it_is() -> None:
    assert len({each.name for each in BLOCK_TYPES}) == len(BLOCK_TYPES) == 12
    for each in BLOCK_TYPES:
        assert set(each.required) <= set(each.schema), each.name


@pytest.mark.parametrize("raw", [None, [], 7, "x", {}, {"kind": "document"}, {"blocks": [[[[]]]]}])
def test_whatever_comes_in_is_refused_in_good_order(raw: object) -> None:
    with pytest.raises(InvalidDefinition):
        parse_document(raw)
