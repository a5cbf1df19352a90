"""Where a new record may begin: by itself, chosen by a person, made by a flow, brought along by an import."""

from datetime import UTC, datetime

import pytest
from formloom.errors import InvalidInput

from form_engine.definition import CompiledForm, compile_form, parse_form
from form_engine.definition.access import Level
from form_engine.formula import Context
from form_engine.permission.access import Access
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.forms import Forms
from form_engine.validate import validate

STATUS = {
    "key": "status",
    "type": "choice",
    "label": "Status",
    "options": ["planned", "open", "urgent", "done"],
    "start": ["open", "planned", {"option": "urgent", "roles": ["chief"]}],
    "transitions": [["planned", "open"], ["open", "done"], ["urgent", "done"]],
}
FORM = {
    "kind": "form",
    "key": "job",
    "title": "Job",
    "fields": [{"key": "name", "type": "text", "label": "Name"}, STATUS],
    "access": [
        {"role": "chief", "may": ["create", "read"]},
        {"role": "clerk", "may": ["create", "read"]},
    ],
}


def job() -> CompiledForm:
    form = parse_form(FORM)
    return compile_form(form, {"job": form}, version=1)


def access_of(form: CompiledForm, *roles: str) -> Access:
    """What a person with these roles may do."""
    rules = tuple(rule for rule in form.access if rule.role in roles)
    world, actor = Forms({form.key: form}, {}), Actor.person(1, frozenset(roles))
    return Access(world, form, actor, Context(), rules, (), datetime(2026, 3, 9, tzinfo=UTC), {})


def begun(status: str | None, *roles: str, born: bool = False) -> object:
    """The status of a new record: made by a person with these roles, or (without) by the system."""
    form, sent = job(), {} if status is None else {"status": status}
    rights = None
    if roles:
        rights = access_of(form, *roles).fields_for_new()
    return validate(form, sent, writable=rights, born=born).values["status"]


def refusal(status: str, *roles: str, born: bool = False) -> str:
    with pytest.raises(InvalidInput) as caught:
        begun(status, *roles, born=born)
    (issue,) = caught.value.issues
    assert issue.pointer == "/status"
    return issue.code


def test_a_new_record_has_the_first_of_its_starts() -> None:
    assert begun(None) == begun(None, "clerk") == begun(None, born=True) == "open"


def test_a_flow_creates_a_record_in_any_declared_start_and_in_no_other_state() -> None:
    assert [begun(status, born=True) for status in ("planned", "open", "urgent")] == ["planned", "open", "urgent"]
    assert refusal("done", born=True) == "no_start"


def test_a_person_chooses_only_a_start_that_names_a_role_of_theirs() -> None:
    assert begun("urgent", "chief") == "urgent"
    assert refusal("urgent", "clerk") == "moved_by_steps_only"
    assert refusal("planned", "chief") == "moved_by_steps_only"
    assert refusal("done", "chief") == "moved_by_steps_only"


def test_the_choice_of_a_start_is_no_right_to_move_a_status_later() -> None:
    form = job()
    access = access_of(form, "chief")
    later = access.together(list(access.rules), []).fields
    assert later.starts == frozenset()
    assert later.at_most(Level.READ).starts == frozenset()
    with pytest.raises(InvalidInput):
        validate(form, {"status": "urgent"}, before={"name": "x", "status": "open"}, writable=later)


def test_what_is_brought_along_may_stand_anywhere() -> None:
    assert SYSTEM.trusted
    assert begun("done") == "done"


def test_one_start_may_still_be_said_bare() -> None:
    form = parse_form(FORM | {"fields": [STATUS | {"start": "planned"}]})
    assert form.by_key["status"].config.start == "planned"
