"""A bundle becomes a running app, and a running app the same bundle."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, InvalidDefinition
from formloom.people import Role
from sqlalchemy import select

from apps import bundle
from apps.bundle import Bundle
from apps.demo import FOLDER
from apps.export import export
from apps.install import Installed, install
from form_engine.records.actor import SYSTEM
from tests.apps.conftest import LEAVE, House


def put(house: House, workspace: int, app: Bundle) -> Installed:
    with unit_of_work(house.databases, workspace) as session:
        return install(session, house.stores, app, SYSTEM)


def changed(app: Bundle, version: str, kind: str, key: str, /, **changes: Any) -> Bundle:
    """The bundle in another version, with one definition changed."""
    definitions = copy.deepcopy({each: dict(some) for each, some in app.definitions.items()})
    definitions[kind][key] = {**definitions[kind].get(key, {}), **changes}
    return replace(app, app={**app.app, "version": version}, definitions=definitions)


@pytest.mark.parametrize("folder", [FOLDER, LEAVE], ids=lambda folder: folder.name)
def test_what_is_exported_is_what_was_installed_to_the_byte(
    folder: Path, house: House, workspace: int, other_workspace: int, tmp_path: Path
) -> None:
    put(house, workspace, bundle.read(folder))
    with unit_of_work(house.databases, workspace) as session:
        bundle.write(export(session, house.stores, bundle.read(folder).key), tmp_path / "first")
    put(house, other_workspace, bundle.read(tmp_path / "first"))
    with unit_of_work(house.databases, other_workspace) as session:
        bundle.write(export(session, house.stores, bundle.read(folder).key), tmp_path / "second")
    written = sorted((tmp_path / "first").rglob("*.json"))
    assert len(written) > 3
    for path in written:
        name = path.relative_to(tmp_path / "first")
        assert path.read_bytes() == (folder / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_the_same_version_again_changes_nothing(house: House, workspace: int) -> None:
    assert put(house, workspace, bundle.read(FOLDER)).changed
    assert not put(house, workspace, bundle.read(FOLDER)).changed


def test_a_newer_version_publishes_only_what_changed(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    put(house, workspace, leave)
    newer = changed(leave, "1.1.0", "form", "leave", title={"en": "Absence", "zh-CN": "请假单"})
    published = {kind: dict(each) for kind, each in put(house, workspace, newer).published.items() if each}
    assert published == {"form": {"leave": 2}}
    with unit_of_work(house.databases, workspace) as session:
        assert house.forms.live(session, "leave").definition.title["en"] == "Absence"  # type: ignore[index]
        assert house.stores.apps.body(session, "leave")["version"] == "1.1.0"


def rename_here(house: House, workspace: int, title: str) -> None:
    """The firm's admin changes the form's title and publishes."""
    with unit_of_work(house.databases, workspace) as session:
        draft = house.forms.draft(session, "leave")
        body = {**draft.definition, "title": {"en": title, "zh-CN": title}}
        house.forms.save_draft(session, "leave", body, SYSTEM, revision=draft.revision)
        house.forms.publish(session, "leave", SYSTEM)


def test_what_the_firm_changed_outlives_a_newer_version(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    put(house, workspace, leave)
    rename_here(house, workspace, "Time off")
    flow = next(iter(leave.of_kind("flow")))
    for version in ("1.1.0", "1.2.0"):
        newer = changed(leave, version, "flow", flow, title={"en": version, "zh-CN": version})
        assert put(house, workspace, newer).published["form"] == {}
    with unit_of_work(house.databases, workspace) as session:
        assert house.forms.live(session, "leave").definition.title["en"] == "Time off"  # type: ignore[index]


def test_what_both_changed_is_refused_whole(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    put(house, workspace, leave)
    rename_here(house, workspace, "Time off")
    newer = changed(leave, "1.1.0", "form", "leave", title={"en": "Absence", "zh-CN": "请假单"})
    with pytest.raises(Conflict, match="changed_here") as caught:
        put(house, workspace, newer)
    assert caught.value.params == {"kind": "form", "key": "leave", "app": "leave"}
    with unit_of_work(house.databases, workspace) as session:
        assert house.stores.apps.body(session, "leave")["version"] == leave.version


def test_roles_are_there_with_their_titles(house: House, workspace: int) -> None:
    put(house, workspace, bundle.read(LEAVE))
    with unit_of_work(house.databases, workspace) as session:
        roles = {role.key: role.title["zh-CN"] for role in session.scalars(select(Role))}
    assert roles == {"employee": "员工", "manager": "主管"}


def test_what_was_changed_in_the_workspace_is_exported(house: House, workspace: int) -> None:
    put(house, workspace, bundle.read(LEAVE))
    rename_here(house, workspace, "Time off")
    with unit_of_work(house.databases, workspace) as session:
        assert export(session, house.stores, "leave").of_kind("form")["leave"]["title"]["en"] == "Time off"


def test_an_older_version_is_refused(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    put(house, workspace, changed(leave, "1.10.0", "form", "leave"))
    with pytest.raises(Conflict, match="app_newer_installed"):
        put(house, workspace, changed(leave, "1.9.0", "form", "leave"))


def test_nobody_else_s_definition_is_overwritten(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    with unit_of_work(house.databases, workspace) as session:
        house.forms.publish_together(session, {"leave": dict(leave.of_kind("form")["leave"])}, SYSTEM)
    with pytest.raises(Conflict, match="key_taken"):
        put(house, workspace, leave)


def test_an_app_that_needs_another_says_so(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    with pytest.raises(Conflict, match="app_required"):
        put(house, workspace, replace(leave, app={**leave.app, "requires": ["payroll"]}))


def test_a_wrong_definition_is_named_and_nothing_is_stored(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    form = leave.of_kind("form")["leave"]
    fields = [{**field, "value": "to - since"} if field["key"] == "days" else field for field in form["fields"]]
    with pytest.raises(InvalidDefinition) as caught:
        put(house, workspace, changed(leave, "1.0.0", "form", "leave", fields=fields))
    assert {issue.pointer for issue in caught.value.issues} == {"/forms/leave/fields/3/value"}
    with unit_of_work(house.databases, workspace) as session:
        for store in (house.forms, house.stores.roles, house.stores.flows, house.stores.apps):
            assert store.keys(session) == ()


def test_a_flow_that_sets_what_is_not_there_is_named(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    steps = copy.deepcopy(leave.of_kind("flow")["leave_approval"]["steps"])
    steps[0]["on_approve"]["set"] = {"state": "granted"}
    with pytest.raises(InvalidDefinition) as caught:
        put(house, workspace, changed(leave, "1.0.0", "flow", "leave_approval", steps=steps))
    assert [issue.pointer for issue in caught.value.issues] == ["/flows/leave_approval/steps/0/on_approve/set/state"]


def test_a_view_of_a_field_that_is_not_there_is_named(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    view = {"kind": "view", "key": "all", "title": {"en": "All", "zh-CN": "全部"}, "form": "leave", "columns": ["dayz"]}
    with pytest.raises(InvalidDefinition) as caught:
        put(house, workspace, changed(leave, "1.0.0", "view", "all", **view))
    assert [issue.pointer for issue in caught.value.issues] == ["/views/all/columns/0"]


def without(body: Mapping[str, Any], status: str) -> dict[str, Any]:
    """A leave form in which requests cannot have this status."""
    form = copy.deepcopy(dict(body))
    field = next(one for one in form["fields"] if one["key"] == "status")
    field["options"] = [one for one in field["options"] if one["key"] != status]
    field["transitions"] = [move for move in field["transitions"] if status not in move]
    return form


def test_a_form_is_not_published_away_from_under_a_flow(house: House, workspace: int) -> None:
    put(house, workspace, bundle.read(LEAVE))
    with unit_of_work(house.databases, workspace) as session:
        body = house.forms.body(session, "leave")
        house.forms.save_draft(session, "leave", without(body, "granted"), SYSTEM, revision=0)
        told = house.forms.problems(session, "leave", without(body, "granted"))
        assert [(one.code, one.params["key"]) for one in told] == [("breaks_flow", "leave_approval")]
        with pytest.raises(InvalidDefinition) as refused:
            house.forms.publish(session, "leave", SYSTEM)
        assert [one.pointer for one in refused.value.issues] == [""]
        house.forms.save_draft(session, "leave", {**body, "title": "Absence"}, SYSTEM, revision=1)
        assert house.forms.publish(session, "leave", SYSTEM) == 2


def test_a_form_is_not_published_away_from_under_a_view(house: House, workspace: int) -> None:
    put(house, workspace, bundle.read(LEAVE))
    view = {"kind": "view", "key": "mine", "title": "Mine", "form": "leave", "where": 'type = "sick"'}
    with unit_of_work(house.databases, workspace) as session:
        house.stores.views.publish_together(session, {"mine": {**view, "columns": ["days"]}}, SYSTEM)
    with unit_of_work(house.databases, workspace) as session:
        body = house.forms.body(session, "leave")
        layout = [{**one, "items": [key for key in one["items"] if key != "days"]} for one in body["layout"]]
        fields = [field for field in body["fields"] if field["key"] != "days"]
        shown = [key for key in body["list"] if key != "days"]
        told = house.forms.problems(session, "leave", {**body, "fields": fields, "layout": layout, "list": shown})
        assert [(one.code, one.params["key"]) for one in told] == [("breaks_view", "mine")]


def test_an_app_may_change_a_form_and_its_flow_together_but_not_break_anothers(house: House, workspace: int) -> None:
    leave = bundle.read(LEAVE)
    put(house, workspace, leave)
    form, flow = leave.of_kind("form")["leave"], leave.of_kind("flow")["leave_approval"]
    quiet = [{**step, "on_approve": {}} if step["key"] == "manager" else step for step in flow["steps"]]
    newer = changed(leave, "1.1.0", "form", "leave", **without(form, "granted"))
    together = changed(newer, "1.1.0", "flow", "leave_approval", steps=quiet)
    with unit_of_work(house.databases, workspace) as session:
        own = {**flow, "key": "own"}
        house.flows.definitions.publish_together(session, {"own": own}, SYSTEM)
    with pytest.raises(InvalidDefinition) as refused:
        put(house, workspace, together)
    assert [(one.code, one.params["key"]) for one in refused.value.issues] == [("breaks_flow", "own")]
    with unit_of_work(house.databases, workspace) as session:
        house.flows.definitions.publish_together(session, {"own": {**own, "steps": quiet}}, SYSTEM)
    assert put(house, workspace, together).published["form"] == {"leave": 2}
