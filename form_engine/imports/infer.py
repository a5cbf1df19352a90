"""A form out of a sheet: what each column seems to hold, how sure that is, and why. A draft for people to go on with.

A field type is tried by its own coercer, so a sheet that was read as a form can be imported into it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from formloom.db.uow import workspace_of
from formloom.i18n import LOCALES
from pypinyin import lazy_pinyin
from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from form_engine.definition import CompiledForm, parse_form
from form_engine.definition.parse import RESERVED_KEYS
from form_engine.fields import BY_NAME
from form_engine.fields.base import Coerced, Refused
from form_engine.fields.coercion import as_text, is_blank
from form_engine.imports.cells import Cell
from form_engine.imports.errors import UnreadableFile
from form_engine.imports.lines import LineReader
from form_engine.imports.profile.model import SkipRules
from form_engine.imports.reading import copied, sheets_of
from form_engine.imports.sheets.limits import LIMITS
from form_engine.models import RecordUnique
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms

ROWS: Final = 5_000
"""Lines that are looked at."""

ENOUGH: Final = 0.9
MOST_OPTIONS: Final = 20
_TRIED: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("boolean", {}),
    ("date", {}),
    ("datetime", {}),
    ("id_number", {}),
    ("email", {}),
    ("url", {}),
    ("percent", {"decimals": 2}),
    ("number", {"decimals": 0}),
    ("number", {"decimals": 2}),
    ("number", {"decimals": 6}),
    ("phone", {}),
)
"""The more special first: the first that reads nearly all cells wins."""

_MONEY: Final = ("￥", "¥", "元", "金额", "价", "费", "款", "amount", "price", "fee", "cost", "salary", "total")
_PHONE: Final = ("电话", "手机", "phone", "mobile", "tel", "联系方式")


@dataclass(frozen=True, slots=True)
class InferredField:
    """`confidence` from 0 to 1; `reasons` are codes with what they are about."""

    key: str
    header: str
    type: str
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InferredForm:
    """A definition that parses, and why its fields are what they are."""

    definition: dict[str, Any]
    fields: tuple[InferredField, ...]

    def to_json(self) -> dict[str, Any]:
        told = [
            {
                "key": each.key,
                "header": each.header,
                "type": each.type,
                "confidence": f"{each.confidence:.2f}",
                "reasons": list(each.reasons),
            }
            for each in self.fields
        ]
        return {"definition": self.definition, "fields": told}


def infer_form(session: Session, forms: Forms, stream: BinaryIO, name: str, actor: Actor) -> InferredForm:
    """A draft from the first sheet that has a header. Raises UnreadableFile."""
    with copied(stream) as file:
        for sheet in sheets_of(Path(file.name), lambda header: False, None, replace(LIMITS, head=ROWS)):
            if sheet.header is None or not any(sheet.header.names):
                continue
            lines = islice(LineReader(sheet.header.names, SkipRules()).read(sheet.lines()), ROWS)
            rows = [line.cells for line in lines if line.kind == "row"]
            title = Path(name).stem or sheet.info.name
            return _Inference(session, forms, actor).form(title, sheet.header.names, rows)
    raise UnreadableFile("nothing_to_infer")


class _Inference:
    def __init__(self, session: Session, forms: Forms, actor: Actor) -> None:
        self.session, self.forms, self.actor = session, forms, actor
        self._keys: set[str] = set()

    def form(self, title: str, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> InferredForm:
        fields: list[dict[str, Any]] = []
        told: list[InferredField] = []
        unique: list[list[str]] = []
        for at, header in enumerate(headers):
            cells = [row[at] for row in rows if at < len(row) and not is_blank(row[at])]
            if not header or not cells:
                continue
            definition, confidence, reasons = self._field(header, cells)
            key = self._key(header, len(fields) + 1)
            field = {"key": key, "label": dict.fromkeys(LOCALES, header), **definition}
            texts = [as_text(cell) or "" for cell in cells]
            if len(cells) == len(rows) and len(rows) >= 3:
                field["required"] = True
                reasons.append("never_blank")
            if self._is_unique(texts, rows, field["type"], header, bool(unique)):
                unique.append([key])
                field["index"] = True
                reasons.append("no_value_twice")
            fields.append(field)
            told.append(InferredField(key, header, field["type"], confidence, tuple(reasons)))
        if not fields:
            raise UnreadableFile("nothing_to_infer")
        own = self._key(title, 0, prefix="form")
        shown = [unique[0][0]] if unique else [fields[0]["key"]]
        definition = {
            "kind": "form",
            "key": own,
            "title": dict.fromkeys(LOCALES, title),
            "display": shown,
            "fields": fields,
            "list": [field["key"] for field in fields[:8]],
            **({"unique": unique} if unique else {}),
        }
        parse_form(definition)
        return InferredForm(definition, tuple(told))

    def _field(self, header: str, cells: Sequence[Cell]) -> tuple[dict[str, Any], float, list[str]]:
        texts = [as_text(cell) or "" for cell in cells]
        link = self._link(texts)
        if link is not None:
            form, share = link
            return {"type": "link", "form": form.key}, share, ["values_of_another_form"]
        lowered = header.casefold()
        if any(word in lowered for word in _PHONE):
            share = _share("phone", {}, cells)
            if share >= 0.7:
                return {"type": "phone"}, share, ["called_so", "reads_as_type"]
        if any(word in lowered for word in _MONEY) or sum("￥" in each or "¥" in each for each in texts) * 2 > len(
            texts
        ):
            share = _share("money", {"currency": "CNY"}, cells)
            if share >= 0.7:
                return {"type": "money", "currency": "CNY"}, share, ["called_so", "reads_as_type"]
        leading = any(len(each) > 1 and each.isdigit() and each.startswith("0") for each in texts)
        for kind, config in _TRIED:
            if kind not in BY_NAME or (leading and kind == "number") or not _looks(kind, texts, cells):
                continue
            share = _share(kind, config, cells)
            if share >= ENOUGH:
                return {"type": kind, **config}, share, ["reads_as_type"]
        return _words(texts)

    def _link(self, texts: Sequence[str]) -> tuple[CompiledForm, float] | None:
        """A form whose unique field has nearly all of these values, and that the actor may read."""
        values = list(dict.fromkeys(texts))[:500]
        if len(values) < 3 or all(len(value) < 2 for value in values):
            return None
        quoted = {f'["{value}"]': value for value in values if '"' not in value and "\\" not in value}
        statement = (
            select(RecordUnique.form, func.count())
            .where(
                RecordUnique.workspace_id == workspace_of(self.session),
                RecordUnique.rule.not_like("%,%"),
                RecordUnique.value == any_(literal(list(quoted), ARRAY(Text))),
            )
            .group_by(RecordUnique.form)
            .order_by(func.count().desc())
        )
        for key, count in self.session.execute(statement):
            form = self.forms.get(key)
            if form is None or count < len(values) * 0.8:
                continue
            if access_for(self.session, self.forms, form, self.actor).may("read"):
                return form, count / len(values)
        return None

    def _is_unique(self, texts: Sequence[str], rows: Sequence[Any], kind: str, header: str, already: bool) -> bool:
        """The first column of codes in which no value stands twice; free text and amounts are not codes."""
        if already or kind != "text" or len(rows) < 5 or len(texts) < len(rows):
            return False
        return len(set(texts)) == len(texts) and max(map(len, texts)) <= 40

    def _key(self, header: str, number: int, prefix: str = "field") -> str:
        """A machine's name out of a human's: pinyin for Chinese, letters and digits, once only."""
        parts = "_".join(lazy_pinyin(header.split("(")[0].split("（")[0]))
        kept = "".join(each if each.isascii() and each.isalnum() else "_" for each in parts.casefold())
        key = "_".join(part for part in kept.split("_") if part)[:40].strip("_")
        if not key or not key[0].isalpha():
            key = f"{prefix}_{number}" if not key else f"{prefix}_{key}"[:40]
        if key in RESERVED_KEYS:
            key = f"{key}_"[:40] + "1"
        base, count = key, 2
        while key in self._keys:
            key, count = f"{base}_{count}", count + 1
        self._keys.add(key)
        return key


def _share(kind: str, config: Mapping[str, Any], cells: Sequence[Cell]) -> float:
    """The share of cells that a field of this type would take without a doubt about them."""
    field_type = BY_NAME.get(kind)
    if field_type is None:
        return 0.0
    parsed = field_type.parse_config(config)
    coerce, clean = field_type.coercer(parsed), field_type.cleaner(parsed)
    taken = 0
    for cell in cells:
        read = coerce(cell)
        if type(read) is Coerced and read.value is not None:
            rounded = any(note.code == "rounded" for note in read.notes)
            taken += type(clean(read.value)) is not Refused and not rounded
    return taken / len(cells)


def _looks(kind: str, texts: Sequence[str], cells: Sequence[Cell]) -> bool:
    """Whether a type is worth trying: nearly every coercer is generous, so numbers would be dates and phones."""
    if kind == "boolean":
        return len(set(texts)) == 2
    if kind in ("date", "datetime"):
        dated = sum(1 for cell in cells if hasattr(cell, "year"))
        written = sum(1 for text in texts if sum(text.count(mark) for mark in "-/.年") >= 2)
        return (dated + written) * 10 >= len(texts) * 8 and (kind == "date" or any(":" in text for text in texts))
    if kind == "email":
        return sum("@" in text for text in texts) * 2 > len(texts)
    if kind == "url":
        return sum("://" in text or text.startswith("www.") for text in texts) * 2 > len(texts)
    if kind == "id_number":
        return sum(len(text) in (15, 18) for text in texts) * 2 > len(texts)
    if kind == "percent":
        return sum("%" in text or "％" in text for text in texts) * 2 > len(texts)
    if kind == "phone":
        return sum(7 <= sum(each.isdigit() for each in text) <= 15 for text in texts) * 2 > len(texts)
    if kind == "number":
        # Long digits are codes: nobody sums them.
        return sum(len(text) <= 12 for text in texts) * 10 >= len(texts) * 9
    return True


def _words(texts: Sequence[str]) -> tuple[dict[str, Any], float, list[str]]:
    """Text that repeats a few values is a choice; long text has several lines."""
    different = list(dict.fromkeys(text.strip() for text in texts))
    longest = max(map(len, different))
    if len(texts) >= 8 and len(different) <= min(MOST_OPTIONS, len(texts) // 4) and longest <= 30:
        options = [{"key": f"o{at}", "label": dict.fromkeys(LOCALES, value)} for at, value in enumerate(different, 1)]
        return {"type": "choice", "options": options}, 1 - len(different) / len(texts), ["few_values"]
    if longest > 200 or any("\n" in text for text in texts):
        return {"type": "text", "multiline": True}, 0.9, ["long_text"]
    return {"type": "text"}, 0.7, ["plain_text"]
