"""The `page` part of a form: what it names exists and fits, and every word of it is read."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition

from form_engine.definition import FormDef, check_form, compile_form, parse_form
from tests.form_engine.forms import form

TASK: dict[str, Any] = form(
    {"key": "project", "type": "link", "form": "project"},
    {"key": "due", "type": "date"},
    {"key": "cost", "type": "money", "currency": "CNY"},
    {"key": "state", "type": "choice", "options": ["open", "done"]},
    key="task",
)
PAGE: dict[str, Any] = {
    "id": "code",
    "figures": ["budget", "begins"],
    "span": {"from": "begins", "to": "ends"},
    "timeline": [
        {"key": "begins", "date": "begins"},
        {"key": "state", "change": "state"},
        {"key": "papers", "files": "papers"},
        {"key": "breaks", "table": "breaks", "from": "from", "to": "to", "lane": True},
        {"key": "tasks", "form": "task", "via": "project", "date": "due", "status": "state", "figure": "cost"},
        {"key": "flows", "flows": True},
        {"key": "reminders", "reminders": True},
    ],
    "linked": [
        {
            "key": "tasks",
            "form": "task",
            "via": "project",
            "where": "target.cost <= budget",
            "columns": ["due", "state"],
            "sort": ["-due"],
            "sums": ["cost"],
            "by": "state",
        }
    ],
}


def project(page: dict[str, Any]) -> dict[str, Any]:
    """A project with this page."""
    return form(
        {"key": "code", "type": "text"},
        {"key": "budget", "type": "money", "currency": "CNY"},
        {"key": "begins", "type": "date"},
        {"key": "ends", "type": "date"},
        {"key": "state", "type": "choice", "options": ["new", "over"]},
        {"key": "papers", "type": "file"},
        {
            "key": "breaks",
            "type": "table",
            "fields": [{"key": "from", "type": "date"}, {"key": "to", "type": "date"}, {"key": "why", "type": "text"}],
        },
        key="project",
        page=page,
    )


def world() -> dict[str, FormDef]:
    """The tasks, which link to projects."""
    return {"task": parse_form(TASK)}


def test_all_of_it_is_read_and_fits() -> None:
    made = parse_form(project(PAGE))
    assert check_form(made, world()) == ()
    assert made.page is not None
    assert [each.reads for each in made.page.timeline] == [
        "date",
        "change",
        "files",
        "table",
        "linked",
        "flows",
        "reminders",
    ]
    compiled = compile_form(made, world())
    assert compiled.page is not None
    assert list(compiled.page.where) == ["/page/linked/0"]


@pytest.mark.parametrize(
    ("part", "pointer", "code"),
    [
        ({"id": "nothing"}, "/page/id", "unknown_field"),
        ({"figures": ["code", "nothing"]}, "/page/figures/1", "unknown_field"),
        ({"span": {"from": "begins", "to": "code"}}, "/page/span/to", "wrong_type"),
        ({"timeline": [{"key": "a", "date": "code"}]}, "/page/timeline/0/date", "wrong_type"),
        ({"timeline": [{"key": "a", "files": "state"}]}, "/page/timeline/0/files", "wrong_type"),
        ({"timeline": [{"key": "a", "table": "code", "from": "x"}]}, "/page/timeline/0/table", "unknown_table"),
        ({"timeline": [{"key": "a", "table": "breaks"}]}, "/page/timeline/0/date", "required"),
        ({"timeline": [{"key": "a", "table": "breaks", "date": "why"}]}, "/page/timeline/0/date", "wrong_type"),
        (
            {"timeline": [{"key": "a", "form": "task", "via": "due", "date": "due"}]},
            "/page/timeline/0/via",
            "not_a_link_to",
        ),
        ({"linked": [{"key": "a", "form": "nobody", "via": "project"}]}, "/page/linked/0/form", "unknown_form"),
        ({"linked": [{"key": "a", "form": "task", "via": "nothing"}]}, "/page/linked/0/via", "unknown_field"),
        (
            {"linked": [{"key": "a", "form": "task", "via": "project", "of": "code"}]},
            "/page/linked/0/of",
            "wrong_type",
        ),
        (
            {"linked": [{"key": "a", "form": "task", "via": "project", "sums": ["state"]}]},
            "/page/linked/0/sums/0",
            "wrong_type",
        ),
        (
            {"linked": [{"key": "a", "form": "task", "via": "project", "by": "due"}]},
            "/page/linked/0/by",
            "wrong_type",
        ),
        (
            {"linked": [{"key": "a", "form": "task", "via": "project", "where": "target.nothing = 1"}]},
            "/page/linked/0/where",
            "formula_unknown_name",
        ),
    ],
)
def test_what_does_not_fit_is_told(part: dict[str, Any], pointer: str, code: str) -> None:
    (issue,) = check_form(parse_form(project(part)), world())
    assert (issue.pointer, issue.code) == (pointer, code)


@pytest.mark.parametrize(
    "event",
    [
        {"key": "a"},
        {"key": "a", "change": "state", "files": "papers"},
        {"key": "a", "form": "task", "date": "due"},
        {"key": "a", "date": "begins", "via": "project"},
    ],
)
def test_an_event_reads_one_thing(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidDefinition):
        parse_form(project({"timeline": [event]}))
