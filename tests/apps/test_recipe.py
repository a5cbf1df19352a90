"""The recipe `docs/recipes/make-an-app.md` is true: its files are an app that works, without a line of Python."""

import re
from pathlib import Path

from formloom.db.uow import unit_of_work
from formloom.people import create_person
from sqlalchemy import select

from apps import bundle
from apps.install import install
from flow_engine.models import Task
from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import LEAVE, House

RECIPE = Path(__file__).parents[2] / "docs" / "recipes" / "make-an-app.md"
FILE = re.compile(r"^`([a-z_/]+\.json)`:\n\n```json\n(.*?)```$", re.MULTILINE | re.DOTALL)


def follow(folder: Path) -> None:
    for name, text in FILE.findall(RECIPE.read_text("utf-8")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def test_the_recipe_shows_the_files_of_the_small_app(tmp_path: Path) -> None:
    follow(tmp_path)
    names = {str(path.relative_to(LEAVE)) for path in LEAVE.rglob("*.json")}
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")} == names
    for name in names:
        assert (tmp_path / name).read_text("utf-8") == (LEAVE / name).read_text("utf-8"), name


def test_following_it_gives_an_app_in_which_leave_is_granted(house: House, workspace: int, tmp_path: Path) -> None:
    follow(tmp_path)
    with unit_of_work(house.databases, workspace) as session:
        install(session, house.stores, bundle.read(tmp_path), SYSTEM)
        li = create_person(session, "li@example.test", "Li", roles=["employee"])
        wu = create_person(session, "wu@example.test", "Wu", roles=["employee", "manager"])
    asker, manager = Actor.person(li.id, frozenset({"employee"})), Actor.person(wu.id, frozenset({"manager"}))
    with unit_of_work(house.databases, workspace) as session:
        values = {"type": "annual", "from": "2026-02-09", "to": "2026-02-13"}
        leave = house.records.create(session, house.forms, "leave", values, asker)
        assert house.records.view(session, house.forms, leave.id, asker).computed["days"] == "5"
    with unit_of_work(house.databases, workspace) as session:
        task = session.scalars(select(Task).where(Task.record_id == leave.id, Task.status == "open")).one()
    assert task.person_id == wu.id
    house.flows.decide(workspace, task.id, manager, "approve")
    with unit_of_work(house.databases, workspace) as session:
        assert house.records.get(session, house.forms, leave.id, asker).data["status"] == "granted"
