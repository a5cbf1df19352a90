"""A form out of a sheet: what its columns hold, and whether the sheet can then be imported into it."""

import io
from typing import Any

import pytest

from form_engine.definition import parse_form
from form_engine.imports.errors import UnreadableFile
from form_engine.imports.infer import InferredForm, infer_form
from form_engine.records.actor import SYSTEM
from tests.imports.conftest import Office

ROWS = [
    f'EQ-{n:03},{name},{"在用" if n % 3 else "停用"},"￥{n * 100:,}.50",2025/{n % 12 + 1}/3,199 0000 {n:04},{n * 2},'
    f"{n}%,T{n % 5},u{n}@example.test,00{n}"
    for n, name in enumerate(("水泵", "阀门", "电机", "仪表", "风机") * 4, 1)
]
SHEET = (
    "设备台账\n编号,名称,状态,购置金额,购置日期,联系电话,数量,折旧率,所属,邮箱,工号\n"
    + "\n".join(ROWS)
    + "\n合计,,,1000,,,,,,,\n"
)


def inferred(office: Office, content: bytes, name: str = "设备.csv") -> InferredForm:
    with office.work() as session:
        return infer_form(session, office.forms.forms(session), io.BytesIO(content), name, SYSTEM)


def kinds(found: InferredForm) -> dict[str, str]:
    return {each.header: each.type for each in found.fields}


def test_types_choices_required_unique_and_links(things: Office) -> None:
    with things.work() as session:
        rows: list[dict[str, Any]] = [{"code": f"T{n}"} for n in range(5)]
        things.records.import_rows(session, things.forms, "thing", rows, SYSTEM)
    found = inferred(things, SHEET.encode())
    assert kinds(found) == {
        "编号": "text",
        "名称": "choice",
        "状态": "choice",
        "购置金额": "money",
        "购置日期": "date",
        "联系电话": "phone",
        "数量": "number",
        "折旧率": "percent",
        "所属": "link",
        "邮箱": "email",
        "工号": "text",
    }
    definition = found.definition
    assert definition["unique"] == [["bian_hao"]]
    assert definition["title"] == {"zh-CN": "设备", "en": "设备"}
    by_label = {field["label"]["en"]: field for field in definition["fields"]}
    assert by_label["所属"]["form"] == "thing"
    assert all(field["required"] for field in definition["fields"])
    assert [option["label"]["en"] for option in by_label["状态"]["options"]] == ["在用", "停用"]
    assert all(0 < each.confidence <= 1 and each.reasons for each in found.fields)
    parse_form(definition)


def test_the_sheet_can_be_imported_into_the_form_that_was_made_of_it(things: Office) -> None:
    found = inferred(things, SHEET.encode())
    things.publish(found.definition)
    batch = things.upload(found.definition["key"], SHEET.encode())
    assert batch.counts["error"] == 0
    assert things.run(batch).result == {"written": 20}


def test_names_become_keys_once_each(things: Office) -> None:
    found = inferred(things, "编号,编号,id,3D,in,？\n1,2,3,4,5,6\n".encode())
    keys = [field["key"] for field in found.definition["fields"]]
    assert keys == ["bian_hao", "bian_hao_2", "id_1", "field_3d", "in_1", "field_6"]


def test_nothing_to_make_a_form_of(things: Office) -> None:
    with pytest.raises(UnreadableFile, match="nothing_to_infer"):
        inferred(things, b"\n\n\n")
