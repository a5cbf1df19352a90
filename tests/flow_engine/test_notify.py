"""notify and webhook in the pure machine: saved and restored between all steps."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition

from flow_engine.definition import parse_flow
from flow_engine.definition.structure import check_structure
from flow_engine.machine import TimerFired
from flow_engine.machine.effects import CloseVisit, Copy, EndRun, OpenTasks, PostOut, SetFields, SetTimer, Tell
from flow_engine.machine.events import Resumed
from tests.flow_engine.flows import Shell, flow_of
from tests.flow_engine.voices import A, B, C, decide, run_of, settled, status

ACKNOWLEDGE: dict[str, Any] = {
    "key": "tell",
    "type": "notify",
    "to": [{"role": "team"}],
    "text": {"en": "Read this", "zh-CN": "请阅读"},
    "acknowledge": {"within": "P1D", "calendar": "office", "then": {"escalate": {"role": "boss"}}},
}
POST: dict[str, Any] = {"key": "post", "type": "webhook", "connection": "erp"}


def kinds(run: Shell, *wanted: type) -> list[Any]:
    return [effect for effect in run.effects if isinstance(effect, wanted)]


def test_told_and_on() -> None:
    step = {**ACKNOWLEDGE, "channels": ["bell", "bot:office"]}
    del step["acknowledge"]
    run = run_of(step)
    assert status(run) == "approved"
    (told,) = kinds(run, Tell)
    assert (told.channels, told.must, told.refs) == (("bell", "bot:office"), False, ())


def test_all_must_acknowledge() -> None:
    run = run_of(ACKNOWLEDGE)
    (opened,) = kinds(run, OpenTasks)
    assert opened.asked == (A, B, C)
    (told,) = kinds(run, Tell)
    assert (told.refs, told.must) == ((A, B, C), True)
    for who in (B, A):
        decide(run, who, "acknowledge", "tell")
        assert status(run) == "running"
        settled(run)
    decide(run, C, "acknowledge", "tell")
    assert status(run) == "approved"
    settled(run)


def test_unacknowledged_escalates_once_and_still_waits() -> None:
    run = run_of(ACKNOWLEDGE)
    (timer,) = kinds(run, SetTimer)
    visit = run.visit("tell").id
    run.tell(TimerFired(visit, timer.action))
    (copy,) = kinds(run, Copy)
    assert copy.because == "escalated"
    assert len(kinds(run, SetTimer)) == 1  # it is not set again
    assert status(run) == "running"
    for who in (A, B, C):
        decide(run, who, "acknowledge", "tell")
    assert status(run) == "approved"
    run_again = run_of(ACKNOWLEDGE)
    for who in (A, B, C):
        decide(run_again, who, "acknowledge", "tell")
    assert kinds(run_again, Copy) == []


def test_nobody_to_acknowledge_holds_nothing_up() -> None:
    run = run_of(ACKNOWLEDGE, asked=())
    assert status(run) == "approved"
    assert kinds(run, Tell) == []


def test_acknowledging_beside_other_work() -> None:
    """Inside of a race: whoever is first, the other's task closes."""
    wait = {"key": "pause", "type": "wait", "for": "P2D"}
    race = {
        "key": "first",
        "type": "race",
        "branches": [{"key": "a", "steps": [ACKNOWLEDGE]}, {"key": "b", "steps": [wait]}],
    }
    run = run_of(race)
    run.tell(TimerFired(run.visit("pause").id, 0))
    assert status(run) == "approved"
    settled(run)


def test_a_webhook_that_nobody_waits_for() -> None:
    run = run_of(POST)
    assert [(one.step, one.visit) for one in kinds(run, PostOut)] == [("post", 0)]
    assert status(run) == "approved"


def test_a_webhook_whose_answer_is_taken() -> None:
    run = run_of({**POST, "answer": {"set": {"note": {"pointer": "/id"}, "code": {"pointer": "/a~1b"}}}})
    visit = run.visit("post").id
    assert kinds(run, PostOut)[0].visit == visit
    assert status(run) == "running"
    run.tell(Resumed(visit, {"status": 200, "answer": {"note": "X1", "code": None}}))
    (written,) = kinds(run, SetFields)
    assert {one.field: one.value.value for one in written.assignments} == {"note": "X1", "code": None}
    assert kinds(run, CloseVisit, EndRun)
    assert status(run) == "approved"


def test_an_answer_comes_once() -> None:
    run = run_of({**POST, "wait": True}, {"key": "check", "type": "approve", "by": {"role": "team"}})
    visit = run.visit("post").id
    run.tell(Resumed(visit, {"status": 204}))
    before = len(run.effects)
    run.tell(Resumed(visit, {"status": 204}))
    assert len(run.effects) == before
    decide(run, A, "approve")
    assert status(run) == "approved"


def pointers(*steps: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        flow_of(*steps)
    return [issue.pointer for issue in refused.value.issues]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"channels": ["pigeon"]}, "/steps/0/channels/0"),
        ({"channels": []}, "/steps/0/channels"),
        ({"acknowledge": {"within": "soon", "then": {"escalate": {"role": "boss"}}}}, "/steps/0/acknowledge/within"),
        ({"acknowledge": {"then": {"escalate": {"role": "boss"}}}}, "/steps/0/acknowledge"),
        ({"attach": ["Not A Key"]}, "/steps/0/attach/0"),
        ({"shout": True}, "/steps/0/shout"),
    ],
)
def test_a_bad_notice(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**ACKNOWLEDGE, **change}) == [pointer]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "https://example.com"}, "/steps/0"),
        ({"headers": {"Host": "x"}}, "/steps/0/headers"),
        ({"headers": {"X-A": "line\r\nbreak"}}, "/steps/0/headers/X-A"),
        ({"answer": {"set": {"note": {"pointer": "id"}}}}, "/steps/0/answer/set/note/pointer"),
        ({"answer": {"set": {}}}, "/steps/0/answer/set"),
    ],
)
def test_a_bad_webhook(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**POST, **change}) == [pointer]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://user:pw@example.com/", "https://a b/"])
def test_a_bad_address(url: str) -> None:
    assert pointers({"key": "post", "type": "webhook", "url": url}) == ["/steps/0/url"]


def test_what_goes_along_comes_from_earlier_steps() -> None:
    flow = flow_of({**ACKNOWLEDGE, "attach": ["later"]}, {"key": "later", "type": "wait", "for": "P1D"})
    assert [issue.pointer for issue in check_structure(flow)] == ["/steps/0/attach/0"]


def test_a_guest_who_acknowledges_sees_what_the_step_says() -> None:
    raw = {
        "kind": "flow",
        "key": "f",
        "title": "F",
        "form": "request",
        "trigger": {"on": "submit"},
        "steps": [
            {"key": "ask", "type": "fill", "by": {"guest": {"name": "payer"}}, "fields": {"note": "write"}},
            {**ACKNOWLEDGE, "to": [{"guest": "ask"}]},
        ],
    }
    assert [issue.code for issue in check_structure(parse_flow(raw))] == ["guest_needs_fields"]
    raw["steps"][1]["fields"] = {"note": "read"}  # type: ignore[index]
    assert list(check_structure(parse_flow(raw))) == []
