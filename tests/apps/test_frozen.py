"""Definitions that were released once can be read for ever: workspaces hold versions that nobody will write anew.

A folder a release, written when it was out and never touched again. What a later engine cannot read needs a named
upgrade before `parse_form` (docs/decisions/012), not a new fixture.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from flow_engine.definition import compile_flow, parse_flow
from form_engine.definition import check_form, check_view, compile_form, parse_form, parse_role, parse_view

FROZEN = Path(__file__).parents[1] / "data" / "frozen"
RELEASES = sorted(each.name for each in FROZEN.iterdir())


def documents(release: str, kind: str) -> dict[str, Any]:
    found = (json.loads(path.read_text("utf-8")) for path in sorted((FROZEN / release).glob(f"{kind}_*.json")))
    return {each["key"]: each for each in found}


@pytest.mark.parametrize("release", RELEASES)
def test_forms_of_every_release_are_read_checked_and_compiled(release: str) -> None:
    world = {key: parse_form(body) for key, body in documents(release, "form").items()}
    assert world
    assert {key: check_form(form, world) for key, form in world.items()} == dict.fromkeys(world, ())
    for form in world.values():
        assert compile_form(form, world).fields


@pytest.mark.parametrize("release", RELEASES)
def test_flows_of_every_release_fit_their_forms(release: str) -> None:
    world = {key: parse_form(body) for key, body in documents(release, "form").items()}
    flows = documents(release, "flow")
    assert flows
    for body in flows.values():
        flow = parse_flow(body)
        assert compile_flow(flow, compile_form(world[flow.form], world))


@pytest.mark.parametrize("release", RELEASES)
def test_views_and_roles_of_every_release_are_read(release: str) -> None:
    world = {key: parse_form(body) for key, body in documents(release, "form").items()}
    assert documents(release, "view")
    for body in documents(release, "view").values():
        assert check_view(parse_view(body), world) == ()
    for body in documents(release, "role").values():
        assert parse_role(body).key
