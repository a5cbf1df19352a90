"""What the leasing preset promises besides its flow: views that can be asked, words in both languages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from formloom.db.uow import unit_of_work

from apps import bundle
from apps.demo import FOLDER
from apps.install import install
from form_engine.formula import check, parse
from form_engine.records.actor import SYSTEM
from tests.apps.conftest import LEAVE, House

LEASING = bundle.read(FOLDER)
LOCALES = {"zh-CN", "en"}
WORDS = {"title", "label", "message", "section", "description", "help", "text", "submit_label", "note"}


@pytest.mark.parametrize("key", LEASING.of_kind("view"))
def test_a_view_can_be_asked(key: str, house: House, workspace: int) -> None:
    """Its filter becomes SQL, its columns and order are fields that lists know."""
    view = LEASING.of_kind("view")[key]
    with unit_of_work(house.databases, workspace) as session:
        install(session, house.stores, LEASING, SYSTEM)
        form = house.forms.live(session, view["form"])
        assert all(form.field(column) is not None for column in view["columns"])
        where = check(parse(view["where"]), form.scope).node if "where" in view else None
        sort = tuple(("-" if each.get("desc") else "") + each["by"] for each in view["sort"])
        page = house.records.list_page(session, house.forms, form.key, SYSTEM, where=where, sort=sort)
    assert page.items == ()


def texts(raw: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every text for people in a definition, by its pointer."""
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            if key in WORDS and not isinstance(value, list):
                yield f"{pointer}/{key}", value
            if key != "fields" or isinstance(value, list):  # the other `fields` says who may write what
                yield from texts(value, f"{pointer}/{key}")
    elif isinstance(raw, list):
        for place, value in enumerate(raw):
            yield from texts(value, f"{pointer}/{place}")


@pytest.mark.parametrize("folder", [FOLDER, LEAVE], ids=lambda folder: folder.name)
def test_every_text_stands_in_both_languages(folder: Path) -> None:
    app = bundle.read(folder)
    documents = {"app": app.app} | {
        f"{kind}/{key}": raw for kind in app.definitions for key, raw in app.of_kind(kind).items()
    }
    found = [(f"{name}{at}", text) for name, raw in documents.items() for at, text in texts(raw)]
    assert len(found) > 10
    for at, text in found:
        assert isinstance(text, Mapping), at
        assert set(text) == LOCALES, at
        assert all(text.values()), at


def test_every_field_has_its_place_in_the_layout() -> None:
    for key, form in LEASING.of_kind("form").items():
        placed = [item for section in form["layout"] for item in section["items"]]
        assert sorted(placed) == sorted(field["key"] for field in form["fields"]), key
