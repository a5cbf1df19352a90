"""Which column of a sheet is which field: by what it is called, and by whether its cells can be read as that field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from formloom.i18n import LOCALES, localized

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from form_engine.fields.base import Coerced, Refused
from form_engine.imports.cells import Cell, is_empty
from form_engine.imports.header import Header
from form_engine.imports.similarity import name_likeness, plain

LEAST: Final = 0.55
SAMPLE: Final = 60

_SYNONYMS: Final = tuple(
    frozenset(plain(word) for word in words.split("|"))
    for words in (
        "电话|手机|手机号|手机号码|联系电话|联系方式|电话号码|phone|mobile|tel|telephone|cell|cellphone|phone no",
        "名称|姓名|名字|name|full name",
        "编号|编码|代码|号|号码|序号|no|code|number|id|nr",
        "开始|起|起始|开始日期|起始日期|生效日期|start|from|begin|start date|starts on",
        "结束|止|截止|到期|结束日期|截止日期|终止日期|end|to|until|expiry|end date|ends on",
        "备注|说明|附注|note|notes|remark|remarks|comment|comments",
        "金额|总额|amount|sum|value",
        "日期|时间|date|day",
        "邮箱|电子邮箱|电子邮件|email|e-mail|mail",
        "地址|住址|address",
        "数量|qty|quantity|count|pieces",
        "单价|价格|price|unit price",
        "类型|类别|种类|分类|type|category|kind|class",
        "状态|status|state",
        "部门|department|dept",
        "城市|市|city|town",
        "身份证|身份证号|身份证号码|证件号码|id number|id card",
        "负责人|责任人|owner|responsible|in charge",
        "单位|公司|企业|company|firm",
    )
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column of a sheet and a field that go together; `score` is from 0 to 1."""

    at: int
    header: str
    field: str
    score: float


def suggest(
    form: CompiledForm, header: Header, rows: Sequence[Sequence[Cell]], writable: FieldAccess | None = None
) -> tuple[Suggestion, ...]:
    """The best pairs, each column and each field once."""
    fields = [field for field in form.fields if importable(field, writable)]
    pairs: list[Suggestion] = []
    for at, name in enumerate(header.names):
        if not name:
            continue
        sample = [row[at] for row in rows if at < len(row) and not is_empty(row[at])][:SAMPLE]
        for field in fields:
            named = max(likeness_to(called, field) for called in header.called(at))
            if named < 0.3:
                continue
            score = 0.8 * named + 0.2 * _fit(field, sample)
            if score >= LEAST:
                pairs.append(Suggestion(at, name, field.key, round(score, 3)))
    taken: set[int] = set()
    used: set[str] = set()
    found = []
    for pair in sorted(pairs, key=lambda each: (-each.score, each.at)):
        if pair.at not in taken and pair.field not in used:
            taken.add(pair.at)
            used.add(pair.field)
            found.append(pair)
    return tuple(sorted(found, key=lambda each: each.at))


def importable(field: CompiledField, writable: FieldAccess | None = None) -> bool:
    """Whether a cell can fill this field: it is not worked out, has no rows of its own, and holds no files."""
    plain_field = not field.computed and not field.columns and field.definition.type.refers != "file"
    return plain_field and (writable is None or writable.may_write(field.path))


def names_of(field: CompiledField) -> tuple[str, ...]:
    """All that a field is called: its label in each language, and its key."""
    label = field.definition.label
    words = [localized(label, locale) for locale in LOCALES] if not isinstance(label, str) else [label]
    return tuple(dict.fromkeys([*words, field.key.replace("_", " ")]))


def likeness_to(header: str, field: CompiledField) -> float:
    return max(_likeness(header, name) for name in names_of(field))


@lru_cache(maxsize=50_000)
def _likeness(header: str, name: str) -> float:
    direct = name_likeness(header, name)
    if direct < 0.9:
        one, other = plain(header), plain(name)
        if any(one in words and other in words for words in _SYNONYMS):
            return 0.9
        bare = plain(header.split("(")[0].split("（")[0])  # a unit or an explanation in brackets
        if bare and bare == other:
            return 0.95
    return direct


def _fit(field: CompiledField, sample: Sequence[Cell]) -> float:
    """The share of cells that the field could take."""
    if not sample:
        return 0.5
    kind, config = field.definition.type, field.definition.config
    if kind.refers is not None:
        return 0.7
    coerce = kind.coercer(config)
    taken = sum(1 for cell in sample if _takes(coerce(cell), field))
    return taken / len(sample)


def _takes(read: Any, field: CompiledField) -> bool:
    if type(read) is not Coerced:
        return False
    return read.value is None or type(field.clean(read.value)) is not Refused


def profile_of(form: CompiledForm, found: Iterable[Suggestion]) -> dict[str, Any]:
    """The mapping as an import profile that people can go on with."""
    headers: dict[str, list[str]] = {}
    for each in found:
        names = headers.setdefault(each.field, [])
        if each.header not in names:
            names.append(each.header)
    columns = [
        {"key": field.key, "to": field.key, "headers": headers[field.key]}
        for field in form.fields
        if field.key in headers
    ]
    return {
        "kind": "import",
        "key": "mapping",
        "form": form.key,
        "title": form.definition.title if isinstance(form.definition.title, str) else dict(form.definition.title),
        "columns": columns or [{"key": "unmapped"}],
    }


def places(header: Header, headers: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """By column key: where in this sheet it stands. `headers` are the names each column of the profile goes by."""
    wanted = {plain(name): key for key, names in headers.items() for name in names}
    found: dict[str, int] = {}
    for at in range(len(header.names)):
        for name in header.called(at):
            key = wanted.get(plain(name))
            if key is not None and key not in found and name:
                found[key] = at
    return found
