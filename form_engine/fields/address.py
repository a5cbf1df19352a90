"""A postal address: `{"region": ["广东省", "深圳市", "南山区"], "detail": "科技园1号", "postcode": "518000"}`.

The region goes from large to small by name, at most four steps; names change more slowly than codes are known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ExportCell,
    FieldType,
    Glossary,
    Operator,
    Refused,
    refuse,
)
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.schema import Schema
from form_engine.fields.text import TextConfig, TextField
from form_engine.formula import Type
from form_engine.formula.types import TEXT

STEPS: Final = 4
_NAME: Final = TextField().cleaner(TextConfig(multiline=False, max_length=50))
_DETAIL: Final = TextField().cleaner(TextConfig(multiline=False, max_length=200))
_POSTCODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{1,10}[A-Za-z0-9]")
_MUNICIPALITIES: Final = ("北京市", "天津市", "上海市", "重庆市")
_PROVINCE: Final = re.compile(r"([\u4e00-\u9fff]{2,6}?(?:省|自治区|特别行政区)|(?:北京|天津|上海|重庆)市)")
_CITY: Final = re.compile(r"([\u4e00-\u9fff]{2,10}?(?:自治州|地区|盟|市))")
_DISTRICT: Final = re.compile(r"([\u4e00-\u9fff]{1,10}?(?:自治县|自治旗|新区|区|县|旗|市))")


@dataclass(frozen=True, slots=True)
class AddressConfig:
    """`detailed`: the street is wanted too, once the record is submitted."""

    detailed: bool = True


class AddressField(FieldType[AddressConfig]):
    name = "address"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"detail": {"type": "boolean"}}
    operators: ClassVar[tuple[Operator, ...]] = ("contains", "blank")
    wide = True

    def parse_config(self, raw: Mapping[str, Any]) -> AddressConfig:
        return AddressConfig(raw.get("detail", True))

    def cleaner(self, config: AddressConfig) -> Cleaner:
        return _clean

    def finisher(self, config: AddressConfig) -> Any:
        if not config.detailed:
            return None
        return lambda stored: None if "detail" in stored else refuse("required", "/detail")

    def formula_type(self, config: AddressConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: AddressConfig) -> str:
        return written(stored)

    def to_json(self, value: Any, config: AddressConfig) -> object:
        return split_address(value) if isinstance(value, str) else value

    def text(self, stored: Any, config: AddressConfig, locale: str) -> str:
        return written(stored)

    def words(self, stored: Any, config: AddressConfig, locale: str) -> tuple[str, ...]:
        """The parts without a gap, as Chinese addresses are written: a word may reach from one into the next."""
        place = "".join((*stored.get("region", ()), stored.get("detail", "")))
        return tuple(each for each in (place, stored.get("postcode")) if each)

    def export_cell(self, stored: Any, config: AddressConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(written(stored), "@")

    def value_schema(self, config: AddressConfig) -> Schema:
        name = {"type": "string", "minLength": 1, "maxLength": 50}
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                "region": {"type": "array", "items": name, "minItems": 1, "maxItems": STEPS},
                "detail": {"type": "string", "minLength": 1, "maxLength": 200},
                "postcode": {"type": "string", "maxLength": 12},
            },
        }

    def coercer(self, config: AddressConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce

    def client_config(self, config: AddressConfig, locale: str) -> dict[str, Any]:
        return {"detail": config.detailed}


def _clean(raw: object) -> Any:
    if type(raw) is not dict or not raw.keys() <= {"region", "detail", "postcode"}:
        return refuse("not_an_address")
    region, detail, postcode = raw.get("region"), raw.get("detail"), raw.get("postcode")
    if region is not None and (type(region) is not list or len(region) > STEPS):
        return refuse("not_an_address", "/region")
    steps = [_NAME(step) for step in region or ()]
    told = None if detail is None else _DETAIL(detail)
    for at, found in [*((f"/region/{at}", step) for at, step in enumerate(steps)), ("/detail", told)]:
        if isinstance(found, Refused):
            return refuse(found.issues[0].code, at, **found.issues[0].params)
    if postcode is not None and (type(postcode) is not str or (postcode and not _POSTCODE.fullmatch(postcode))):
        return refuse("bad_format", "/postcode", hint=None)
    named = [step for step in steps if step is not None]
    parts = {"region": named, "detail": told, "postcode": postcode}
    return {key: part for key, part in parts.items() if part} or None


def written(stored: Mapping[str, Any]) -> str:
    """On one line, large to small. Latin names are set apart."""
    parts = [*stored.get("region", ()), *([stored["detail"]] if "detail" in stored else [])]
    told = ""
    for part in parts:
        told += f" {part}" if told and (told[-1].isascii() and part[:1].isascii()) else part
    return f"{told} {stored['postcode']}".strip() if "postcode" in stored else told


def split_address(text: str) -> dict[str, Any] | None:
    """`广东省深圳市南山区科技园1号` taken apart as far as its endings tell."""
    region: list[str] = []
    rest = text.strip()
    postcode = re.search(r"(?:^|[\s(])([0-9]{6})\)?$", rest)
    if postcode:
        rest = rest[: postcode.start()].rstrip()
    for shape in (_PROVINCE, _CITY, _DISTRICT):
        if shape is _CITY and region and region[0] in _MUNICIPALITIES:
            continue
        found = shape.match(rest)
        if found:
            region.append(found[1])
            rest = rest[found.end() :].lstrip(" ,")
    parts = {"region": region, "detail": rest, "postcode": postcode[1] if postcode else None}
    return {key: part for key, part in parts.items() if part} or None


def _coerce(raw: object) -> Coerced | Refused:
    if is_blank(raw):
        return Coerced(None)
    text = as_text(raw)
    return refuse("not_an_address") if text is None or len(text) > 500 else Coerced(split_address(folded(text)))
