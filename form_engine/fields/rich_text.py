"""Words with a little form: paragraphs, headings, lists, quotes; bold, italic, underlined, links.

Stored as blocks, never as HTML, so that there is no markup to sanitise: `[{"is": "p", "runs": [{"text": "…", "bold":
true}]}]`. What is not in the lists below cannot be said. Plain text comes in as paragraphs.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.base import NO_HINTS, Cleaner, CoerceHints, Coercer, FieldType, Operator, Refused, refuse
from form_engine.fields.coercion import text_coercer
from form_engine.fields.schema import Schema
from form_engine.fields.url import UrlField
from form_engine.fields.worded import NoConfig
from form_engine.formula import Type
from form_engine.formula.types import TEXT

BLOCKS: Final = ("p", "h", "li", "ol", "quote")
"""Paragraph, heading, item of a plain list, item of a numbered one, quotation."""
MARKS: Final = ("bold", "italic", "underline")
MOST_BLOCKS: Final = 1_000
MOST_RUNS: Final = 200
LONGEST: Final = 50_000
"""Characters in all."""
_UNFIT: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_LINK: Final = UrlField().cleaner(NoConfig())


class RichTextField(FieldType[NoConfig]):
    name = "rich_text"
    searched = True
    operators: ClassVar[tuple[Operator, ...]] = ("contains", "blank")
    in_table = False
    look = "rich"
    wide = True

    def parse_config(self, raw: Mapping[str, Any]) -> NoConfig:
        return NoConfig()

    def cleaner(self, config: NoConfig) -> Cleaner:
        return _clean

    def formula_type(self, config: NoConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: NoConfig) -> str:
        return plain(stored)

    def text(self, stored: Any, config: NoConfig, locale: str) -> str:
        return plain(stored)

    def words(self, stored: Any, config: NoConfig, locale: str) -> tuple[str, ...]:
        return tuple(plain([block]) for block in stored if block["runs"])

    def value_schema(self, config: NoConfig) -> Schema:
        run = {
            "type": "object",
            "required": ["text"],
            "additionalProperties": False,
            "properties": {
                "text": {"type": "string", "minLength": 1},
                **{mark: {"const": True} for mark in MARKS},
                "link": {"type": "string", "pattern": "^https?://"},
            },
        }
        block = {
            "type": "object",
            "required": ["is", "runs"],
            "additionalProperties": False,
            "properties": {"is": {"enum": list(BLOCKS)}, "runs": {"type": "array", "items": run}},
        }
        return {"type": "array", "minItems": 1, "maxItems": MOST_BLOCKS, "items": block}

    def coercer(self, config: NoConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return text_coercer


@dataclass(slots=True)
class _Room:
    """Characters that are left."""

    left: int = LONGEST


def _clean(raw: object) -> Any:
    if type(raw) is str:
        if len(raw) > LONGEST:
            return refuse("too_long", max=LONGEST)
        raw = [
            {"is": "p", "runs": [{"text": line}]} for line in re.split("\r\n?|[\n\u2028\u2029]", raw) if line.strip()
        ]
    if type(raw) is not list:
        return refuse("not_rich_text")
    if len(raw) > MOST_BLOCKS:
        return refuse("too_many", max=MOST_BLOCKS)
    room, blocks = _Room(), []
    for at, each in enumerate(raw):
        block = _block(each, f"/{at}", room)
        if isinstance(block, Refused):
            return block
        blocks.append(block)
    while blocks and not blocks[-1]["runs"]:
        blocks.pop()
    while blocks and not blocks[0]["runs"]:
        blocks.pop(0)
    return blocks or None


def _block(raw: object, at: str, room: _Room) -> dict[str, Any] | Refused:
    if type(raw) is not dict or raw.keys() != {"is", "runs"} or type(raw["runs"]) is not list:
        return refuse("not_rich_text", at)
    if type(raw["is"]) is not str or raw["is"] not in BLOCKS or len(raw["runs"]) > MOST_RUNS:
        return refuse("not_rich_text", at)
    runs: list[dict[str, Any]] = []
    for index, each in enumerate(raw["runs"]):
        run = _run(each, f"{at}/runs/{index}", room)
        if isinstance(run, Refused):
            return run
        same = runs and {**runs[-1], "text": ""} == {**run, "text": ""} if run else False
        if run and same:  # one look, one run
            runs[-1]["text"] = unicodedata.normalize("NFC", runs[-1]["text"] + run["text"])
        elif run:
            runs.append(run)
    if not "".join(run["text"] for run in runs).strip():
        runs = []
    return {"is": raw["is"], "runs": runs}


def _run(raw: object, at: str, room: _Room) -> dict[str, Any] | Refused | None:
    if type(raw) is not dict or not raw.keys() <= {"text", "link", *MARKS} or type(raw.get("text")) is not str:
        return refuse("not_rich_text", at)
    room.left -= len(raw["text"])
    if room.left < 0:
        return refuse("too_long", max=LONGEST)
    text = unicodedata.normalize("NFC", raw["text"].replace("\u00a0", " "))
    if _UNFIT.search(text):
        return refuse("bad_character", at)
    if not text:
        return None
    run: dict[str, Any] = {"text": text}
    for mark in MARKS:
        if mark in raw:
            if type(raw[mark]) is not bool:
                return refuse("not_rich_text", at)
            if raw[mark]:
                run[mark] = True
    if raw.get("link") is not None:
        link = _LINK(raw["link"])
        if isinstance(link, Refused):
            return refuse("not_a_url", f"{at}/link")
        if link is not None:
            run["link"] = link
    return run


def plain(blocks: list[Any]) -> str:
    """The words alone, a block a line."""
    return "\n".join("".join(run["text"] for run in block["runs"]) for block in blocks)
